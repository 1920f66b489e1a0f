import type {
  ChannelGroupAdapter,
  ChannelMentionAdapter,
  ChannelPairingAdapter,
  ChannelSecurityAdapter,
} from "./channel/access.ts";
import type {
  ChannelConfigAdapter,
  ChannelGatewayAdapter,
  ChannelStatusAdapter,
} from "./channel/accounts.ts";
import type { ChannelMessageActionAdapter } from "./channel/actions.ts";
import type {
  ChannelMessagingAdapter,
  ChannelOutboundAdapter,
  ChannelThreadingAdapter,
} from "./channel/outbound.ts";
import type { ChannelCapabilities, ChannelConfig, ChannelMeta } from "./channel/values.ts";
import type { AgentTool } from "./tool.ts";

/** The channel contract (spec 1.2–1.16). Method syntax on purpose: a plugin narrows its account type. */

export type * from "./channel/access.ts";
export type * from "./channel/accounts.ts";
export type * from "./channel/actions.ts";
export type * from "./channel/outbound.ts";
export type * from "./channel/values.ts";

/** What a channel plugin hands over in `api.registerChannel` (spec 1.2). */
export interface ChannelPlugin<Account = unknown> {
  id: string;
  meta: ChannelMeta;
  capabilities: ChannelCapabilities;
  config: ChannelConfigAdapter<Account>;
  defaults?: { queue?: { debounceMs?: number } };
  reload?: { configPrefixes: string[]; noopPrefixes?: string[]; accountScopedRestart?: boolean };
  configSchema?: { schema: object; uiHints?: object; runtime?: object };
  pairing?: ChannelPairingAdapter;
  security?: ChannelSecurityAdapter<Account>;
  groups?: ChannelGroupAdapter;
  mentions?: ChannelMentionAdapter;
  messaging?: ChannelMessagingAdapter;
  outbound?: ChannelOutboundAdapter;
  gateway?: ChannelGatewayAdapter<Account>;
  status?: ChannelStatusAdapter<Account>;
  threading?: ChannelThreadingAdapter;
  actions?: ChannelMessageActionAdapter;
  streaming?: { blockStreamingCoalesceDefaults?: { minChars: number; idleMs: number } };
  agentTools?: AgentTool[] | ((params: { cfg?: ChannelConfig }) => AgentTool[]);
  lifecycle?: {
    onAccountConfigChanged?(params: object): unknown;
    onAccountRemoved?(params: object): unknown;
    runStartupMaintenance?(params: object): unknown;
    [member: string]: unknown;
  };
  gatewayMethods?: string[];
  gatewayMethodDescriptors?: { name: string; scope?: string; description?: string }[];
  setup?: object;
  setupContract?: object;
  setupWizard?: object;
  message?: object;
  auth?: object;
  heartbeat?: object;
  directory?: object;
  resolver?: object;
  agentPrompt?: object;
  commands?: object;
  elevated?: object;
  secrets?: object;
  allowlist?: object;
  doctor?: object;
  bindings?: object;
  conversationBindings?: object;
  approvalCapability?: object;
  [member: string]: unknown;
}

/** `registerChannel` takes the plugin itself or this older wrapper. */
export interface ChannelRegistration {
  plugin: ChannelPlugin;
  dock?: object;
}
