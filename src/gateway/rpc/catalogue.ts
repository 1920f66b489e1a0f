import type { MethodGroup } from "./method.ts";

/** A group of methods: its names are known at once, its code is loaded on the first call. */
export interface CatalogueGroup {
  readonly names: readonly string[];
  load(): Promise<{ default: MethodGroup }>;
}

const group = (names: string, load: CatalogueGroup["load"]): CatalogueGroup => ({
  names: names.split(" "),
  load,
});

/**
 * Every method of the core by group. A test checks that each group exports exactly these names, so that
 * `hello-ok.features.methods` needs no group to be loaded.
 */
export const CATALOGUE: readonly CatalogueGroup[] = [
  group("health status system-presence gateway.identity.get", () => import("../methods/status.ts")),
  group("logs.tail", () => import("../methods/logs.ts")),
  group("chat.send chat.abort chat.inject", () => import("../methods/chat.ts")),
  group("chat.history chat.startup chat.metadata", () => import("../methods/chat-history.ts")),
  group(
    "sessions.list sessions.preview sessions.describe sessions.get sessions.resolve",
    () => import("../methods/sessions.ts"),
  ),
  group(
    "sessions.subscribe sessions.messages.subscribe sessions.messages.unsubscribe",
    () => import("../methods/session-subscriptions.ts"),
  ),
  group(
    "sessions.create sessions.patch sessions.reset sessions.delete",
    () => import("../methods/session-changes.ts"),
  ),
  group("agent agent.wait agents.list agent.identity.get", () => import("../methods/agent.ts")),
  group("models.list", () => import("../methods/models.ts")),
  group("config.get config.set config.patch", () => import("../methods/config.ts")),
  group("plugins.list plugins.inspect", () => import("../methods/plugins.ts")),
  group("plugins.search", () => import("../methods/plugin-search.ts")),
  group(
    "plugins.install plugins.uninstall plugins.setEnabled plugins.reload plugins.refresh",
    () => import("../methods/plugin-installs.ts"),
  ),
  group(
    "sessions.pluginPatch plugins.sessionAction plugins.uiDescriptors",
    () => import("../methods/plugin-workflow.ts"),
  ),
  group(
    "plugin.approval.request plugin.approval.waitDecision plugin.approval.resolve plugin.approval.list",
    () => import("../methods/plugin-approvals.ts"),
  ),
  group("approval.get approval.resolve approval.history", () => import("../methods/approvals.ts")),
  group(
    "device.pair.list device.pair.approve device.pair.reject device.pair.remove device.token.revoke",
    () => import("../methods/devices.ts"),
  ),
  group("events.position events.resume", () => import("../methods/events.ts")),
  group("channels.status channels.start channels.stop", () => import("../methods/channels.ts")),
  group(
    "channels.pairing.list channels.pairing.approve channels.pairing.dismiss",
    () => import("../methods/channel-pairing.ts"),
  ),
  group("send", () => import("../methods/send.ts")),
  group("deliveries.list deliveries.explain deliveries.replay", () => import("../methods/deliveries.ts")),
];
