import type { ChannelPlugin } from "../contracts/channel.ts";
import type { PluginApi, PluginDefinition } from "../contracts/plugin-api.ts";
import type { PluginRuntime } from "../contracts/runtime.ts";
import { emptyPluginConfigSchema } from "./plugin-entry.ts";

export type { ChannelPlugin } from "../contracts/channel.ts";
export type { OpenClawPluginApi, PluginApi } from "../contracts/plugin-api.ts";
export type { PluginRuntime } from "../contracts/runtime.ts";
export {
  createChannelPluginBase,
  createChatChannelPlugin,
} from "./channel-plugin/chat-channel.ts";
export {
  buildChannelOutboundSessionRoute,
  buildThreadAwareOutboundSessionRoute,
  parseOptionalDelimitedEntries,
  recoverCurrentThreadSessionId,
  stripChannelTargetPrefix,
  stripTargetKindPrefix,
} from "./channel-plugin/targets.ts";
export { createChannelConfigUiHints } from "./channel-plugin/ui-hints.ts";
export { defineSetupPluginEntry } from "./channel-setup-entry.ts";
export { buildChannelConfigSchema } from "./schemas/build-channel-config-schema.ts";
export { tryReadSecretFileSync } from "./secrets/secret-file.ts";
export { clearAccountEntryFields } from "./setup/config-edits.ts";

export interface ChannelPluginEntryOptions<Channel extends { id: string }> {
  id: string;
  name: string;
  description: string;
  plugin: Channel;
  configSchema?: unknown;
  setRuntime?(runtime: PluginRuntime): void;
  registerCliMetadata?(api: PluginApi): void;
  registerCapabilities?(api: PluginApi): void;
  registerFull?(api: PluginApi): void;
}

export type ChannelPluginDefinition<Channel> = PluginDefinition & {
  id: string;
  name: string;
  description: string;
  channelPlugin: Channel;
  setChannelRuntime(runtime: PluginRuntime): void;
  register(api: PluginApi): void;
};

/**
 * Declares a channel plugin (spec 6.2). Which parts run depends on why the plugin is loaded: only `full` sees
 * `registerFull`, so that inspecting a channel never opens a connection.
 *
 * @example
 * export default defineChannelPluginEntry({
 *   id: "acme-chat",
 *   name: "Acme Chat",
 *   description: "Acme rooms as a channel",
 *   plugin: acmeChannel,
 *   setRuntime,
 * });
 */
export function defineChannelPluginEntry<Channel extends { id: string } = ChannelPlugin>(
  options: ChannelPluginEntryOptions<Channel>,
): ChannelPluginDefinition<Channel> {
  let configSchema: unknown;
  return {
    id: options.id,
    name: options.name,
    description: options.description,
    channelPlugin: options.plugin,
    get configSchema() {
      const given = options.configSchema;
      configSchema ??= typeof given === "function" ? given() : (given ?? emptyPluginConfigSchema());
      return configSchema;
    },
    setChannelRuntime: (runtime) => options.setRuntime?.(runtime),
    register: (api) => registerChannelParts(api, { ...options, channel: () => options.plugin }),
  };
}

export interface ChannelParts {
  channel(): { id: string };
  setRuntime?(runtime: PluginRuntime): void;
  registerCliMetadata?(api: PluginApi): void;
  registerCapabilities?(api: PluginApi): void;
  registerFull?(api: PluginApi): void;
}

/** The mode table of channel entries (spec 6.2); shared with bundled channel entries. */
export function registerChannelParts(api: PluginApi, parts: ChannelParts): void {
  switch (api.registrationMode) {
    case "cli-metadata":
      parts.registerCliMetadata?.(api);
      return;
    case "tool-discovery":
      parts.registerFull?.(api);
      parts.registerCapabilities?.(api);
      return;
    case "setup-only":
    case "setup-runtime":
      api.registerChannel({ plugin: parts.channel() });
      parts.setRuntime?.(api.runtime);
      return;
    case "discovery":
      api.registerChannel({ plugin: parts.channel() });
      parts.setRuntime?.(api.runtime);
      parts.registerCliMetadata?.(api);
      parts.registerCapabilities?.(api);
      return;
    default:
      api.registerChannel({ plugin: parts.channel() });
      parts.setRuntime?.(api.runtime);
      parts.registerCliMetadata?.(api);
      parts.registerFull?.(api);
      parts.registerCapabilities?.(api);
  }
}
