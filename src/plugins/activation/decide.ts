import type { PluginManifest } from "../../contracts/manifest.ts";
import { type PluginCandidate, policyId } from "../discovery/candidate.ts";
import { isPlain } from "../manifest/fields.ts";
import { entryOf, type PluginSettings } from "./plugin-settings.ts";

/** Whether a plugin is on, and who said so (spec 2.6). */
export interface ActivationDecision {
  readonly enabled: boolean;
  /** The operator's own configuration names it; what trusted kinds require. */
  readonly explicitlyEnabled: boolean;
  readonly source: "explicit" | "auto" | "default" | "disabled";
  readonly reason: string;
}

/** The reason of a bundled plugin that nobody turned on or off. */
export const OFF_BY_DEFAULT = "bundled (disabled by default)";

/** What of a plugin the decision looks at. */
export interface DecidedPlugin extends Pick<PluginCandidate, "id" | "origin"> {
  readonly manifest?: Pick<
    PluginManifest,
    | "autoEnableWhenConfiguredProviders"
    | "channels"
    | "enabledByDefault"
    | "enabledByDefaultOnPlatforms"
    | "kinds"
    | "legacyPluginIds"
  >;
}

export interface DecisionInput {
  readonly candidate: DecidedPlugin;
  readonly settings: PluginSettings;
  readonly config: Readonly<Record<string, unknown>>;
  readonly platform: string;
  readonly autoEnableReason?: string;
}

/** Every id the operator may have used for a plugin. */
export function idsOf(candidate: DecidedPlugin): readonly string[] {
  return [candidate.id, ...(candidate.manifest?.legacyPluginIds ?? [])];
}

/** The first matching rule of spec 2.6 wins. */
export function decideActivation(input: DecisionInput): ActivationDecision {
  const { candidate, settings, config } = input;
  const { origin, manifest } = candidate;
  const ids = idsOf(candidate).map(policyId);
  const isNamed = (list: readonly string[]) => ids.some((id) => list.includes(id));
  const entry = entryOf(settings, ids);
  const allowed = isNamed(settings.allow);
  const kinds = manifest?.kinds ?? [];
  const selects = (slot: "memory" | "contextEngine") => ids.includes(settings.chosenSlots[slot] ?? "");

  if (!settings.enabled) return off("plugins disabled");
  if (isNamed(settings.deny)) return off("blocked by denylist");
  if (entry.enabled === false) return off("disabled in config");
  const channels = (manifest?.channels ?? []).map((id) => channelSetting(config, id));
  if (channels.length > 0 && channels.every((channel) => channel === "disabled")) {
    return off("channel disabled in config");
  }
  if (origin === "workspace" && !allowed && entry.enabled !== true && !selects("contextEngine")) {
    return off("workspace plugin (disabled by default)");
  }
  if (kinds.includes("memory") && selects("memory")) return explicit("selected memory slot");
  if (selects("contextEngine")) return explicit("selected context engine slot");
  if (origin === "bundled" && channels.includes("enabled")) return explicit("channel enabled in config");
  if (settings.allow.length > 0 && !allowed) return off("not in allowlist");
  if (entry.enabled === true) return explicit("enabled in config");
  if (origin !== "bundled" && allowed) return explicit("selected in allowlist");
  if (input.autoEnableReason) return auto(input.autoEnableReason);
  const provider = (manifest?.autoEnableWhenConfiguredProviders ?? []).find((id) =>
    isProviderConfigured(config, id),
  );
  if (provider) return auto(`provider ${provider} configured`);
  if (origin === "bundled" && channels.includes("configured")) return auto("channel configured");
  if (origin === "bundled" && isDefaultEnabled(input)) return standard("bundled default enablement");
  if (origin === "bundled") return off(OFF_BY_DEFAULT);
  return standard(origin === "config" ? "named in plugins.load.paths" : "installed");
}

function isDefaultEnabled({ candidate, platform }: DecisionInput): boolean {
  const manifest = candidate.manifest;
  return (
    manifest?.enabledByDefault === true || (manifest?.enabledByDefaultOnPlatforms.includes(platform) ?? false)
  );
}

/** How `channels.<id>` stands in a configuration. */
export function channelSetting(
  config: Readonly<Record<string, unknown>>,
  id: string,
): "absent" | "configured" | "enabled" | "disabled" {
  const channels = isPlain(config["channels"]) ? config["channels"] : {};
  const channel = channels[id];
  if (!isPlain(channel)) return "absent";
  if (channel["enabled"] === false) return "disabled";
  return channel["enabled"] === true ? "enabled" : "configured";
}

export function isProviderConfigured(config: Readonly<Record<string, unknown>>, id: string): boolean {
  const models = isPlain(config["models"]) ? config["models"] : {};
  return isPlain(models["providers"]) && isPlain(models["providers"][id]);
}

function off(reason: string): ActivationDecision {
  return { enabled: false, explicitlyEnabled: false, source: "disabled", reason };
}
function explicit(reason: string): ActivationDecision {
  return { enabled: true, explicitlyEnabled: true, source: "explicit", reason };
}
function auto(reason: string): ActivationDecision {
  return { enabled: true, explicitlyEnabled: false, source: "auto", reason };
}
function standard(reason: string): ActivationDecision {
  return { enabled: true, explicitlyEnabled: false, source: "default", reason };
}
