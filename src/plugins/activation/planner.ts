import type { PluginManifest } from "../../contracts/manifest.ts";
import { valueAt } from "../config/config-path.ts";
import type { PluginCandidate } from "../discovery/candidate.ts";
import type { ActivationDecision } from "./decide.ts";
import { channelSetting, isProviderConfigured } from "./decide.ts";

/** What the gateway is about to need (spec 2.10). */
export type ActivationTrigger =
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "provider"; readonly provider: string }
  | { readonly kind: "agentHarness"; readonly runtime: string }
  | { readonly kind: "channel"; readonly channel: string }
  | { readonly kind: "route"; readonly route: string }
  | { readonly kind: "capability"; readonly capability: "provider" | "channel" | "tool" | "hook" }
  /** Our addition: owners of a key of the manifest's `contracts`, for example `webSearchProviders`. */
  | { readonly kind: "contract"; readonly contract: string }
  /** Our addition: the owner of a command line whose id is the prefix of a model's name. */
  | { readonly kind: "cliBackend"; readonly backend: string };

export type ActivationReason =
  | "activation-command-hint"
  | "activation-provider-hint"
  | "activation-agent-harness-hint"
  | "activation-channel-hint"
  | "activation-route-hint"
  | "activation-capability-hint"
  | "manifest-cli-command-owner"
  | "manifest-command-alias"
  | "manifest-provider-owner"
  | "manifest-setup-provider-owner"
  | "manifest-channel-owner"
  | "manifest-tool-contract"
  | "manifest-contract-owner"
  | "manifest-cli-backend-owner"
  | "manifest-hook-owner";

export interface ActivationPlan {
  readonly trigger: ActivationTrigger;
  readonly pluginIds: readonly string[];
  readonly entries: readonly {
    readonly pluginId: string;
    readonly origin: string;
    readonly reasons: readonly ActivationReason[];
  }[];
}

/** A plugin as the planner sees it. */
export interface PlannedPlugin {
  readonly candidate: PluginCandidate;
  readonly decision: ActivationDecision;
}

export interface PlanOptions {
  readonly onlyPluginIds?: readonly string[];
  readonly origin?: string;
  /** Owners that are not bundled count only when the operator enabled them. */
  readonly requireExplicitManifestOwnerTrust?: boolean;
}

/** Which plugins matter for a trigger, and why. An empty scope stays empty; blocked plugins never appear. */
export function planActivation(
  plugins: readonly PlannedPlugin[],
  trigger: ActivationTrigger,
  options: PlanOptions = {},
): ActivationPlan {
  const entries = plugins
    .filter(({ candidate, decision }) => {
      if (!decision.enabled || !candidate.manifest || candidate.blocked) return false;
      if (options.onlyPluginIds && !options.onlyPluginIds.includes(candidate.id)) return false;
      if (options.origin && candidate.origin !== options.origin) return false;
      const trusted = candidate.origin === "bundled" || decision.explicitlyEnabled;
      return !options.requireExplicitManifestOwnerTrust || trusted;
    })
    .map(({ candidate }) => ({
      pluginId: candidate.id,
      origin: candidate.origin,
      reasons: reasonsFor(candidate.manifest as PluginManifest, candidate, trigger),
    }))
    .filter((entry) => entry.reasons.length > 0)
    .sort((a, b) => (a.pluginId < b.pluginId ? -1 : 1));
  return { trigger, pluginIds: entries.map((entry) => entry.pluginId), entries };
}

/** Ids only, for callers that do not show reasons. */
export function plannedPluginIds(
  plugins: readonly PlannedPlugin[],
  trigger: ActivationTrigger,
  options?: PlanOptions,
): readonly string[] {
  return planActivation(plugins, trigger, options).pluginIds;
}

function reasonsFor(
  manifest: PluginManifest,
  candidate: PluginCandidate,
  trigger: ActivationTrigger,
): readonly ActivationReason[] {
  const { activation } = manifest;
  const reasons: ActivationReason[] = [];
  const when = (condition: boolean, reason: ActivationReason) => {
    if (condition) reasons.push(reason);
  };
  switch (trigger.kind) {
    case "command":
      when(activation.onCommands.includes(trigger.command), "activation-command-hint");
      when(
        manifest.cliCommands.some(({ name }) => name === trigger.command),
        "manifest-cli-command-owner",
      );
      when(
        manifest.commandAliases.some(({ name }) => name === trigger.command),
        "manifest-command-alias",
      );
      break;
    case "provider":
      when(activation.onProviders.includes(trigger.provider), "activation-provider-hint");
      when(manifest.providers.includes(trigger.provider), "manifest-provider-owner");
      when(
        manifest.setup?.providers.some(({ id }) => id === trigger.provider) ?? false,
        "manifest-setup-provider-owner",
      );
      break;
    case "agentHarness":
      when(activation.onAgentHarnesses.includes(trigger.runtime), "activation-agent-harness-hint");
      break;
    case "channel":
      when(activation.onChannels.includes(trigger.channel), "activation-channel-hint");
      when(manifest.channels.includes(trigger.channel), "manifest-channel-owner");
      break;
    case "route":
      when(activation.onRoutes.includes(trigger.route), "activation-route-hint");
      break;
    case "cliBackend":
      when(
        manifest.cliBackends.some((id) => id.toLowerCase() === trigger.backend),
        "manifest-cli-backend-owner",
      );
      break;
    case "contract":
      when((manifest.contracts[trigger.contract]?.length ?? 0) > 0, "manifest-contract-owner");
      break;
    case "capability":
      when(activation.onCapabilities.includes(trigger.capability), "activation-capability-hint");
      if (trigger.capability === "provider") {
        when(activation.onProviders.length > 0, "activation-provider-hint");
        when(manifest.providers.length > 0, "manifest-provider-owner");
        when((manifest.setup?.providers.length ?? 0) > 0, "manifest-setup-provider-owner");
      } else if (trigger.capability === "channel") {
        when(activation.onChannels.length > 0, "activation-channel-hint");
        when(manifest.channels.length > 0, "manifest-channel-owner");
      } else if (trigger.capability === "tool") {
        when((manifest.contracts["tools"]?.length ?? 0) > 0, "manifest-tool-contract");
      } else {
        when(candidate.bundle?.capabilities.includes("hooks") ?? false, "manifest-hook-owner");
      }
  }
  return reasons;
}

/** Why a plugin is loaded when the gateway starts, or `undefined` when it waits for a trigger (spec 1.5). */
export function startupReason(
  { candidate, decision }: PlannedPlugin,
  config: Readonly<Record<string, unknown>>,
): string | undefined {
  const manifest = candidate.manifest;
  if (!decision.enabled || !manifest || candidate.blocked) return undefined;
  const { activation } = manifest;
  if (activation.onStartup === true) return "activation.onStartup";
  const path = activation.onConfigPaths.find((dotted) => valueAt(config, dotted) !== undefined);
  if (path) return `activation.onConfigPaths ${path}`;
  const channel = manifest.channels.find((id) => {
    const setting = channelSetting(config, id);
    return setting === "configured" || setting === "enabled";
  });
  if (channel) return `channel ${channel} configured`;
  if (activation.onStartup === false) return undefined;
  const provider = manifest.providers.find((id) => isProviderConfigured(config, id));
  if (provider) return `provider ${provider} configured`;
  if (manifest.kinds.length > 0) return "owns a slot";
  const ownsSomething =
    manifest.channels.length + manifest.providers.length + manifest.cliBackends.length > 0 ||
    manifest.cliCommands.length > 0;
  // Without static ownership nothing else would ever ask for it.
  return ownsSomething && candidate.origin === "bundled" ? undefined : "enabled without an activation hint";
}
