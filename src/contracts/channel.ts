import type { ChannelRuntime } from "./channel-runtime.ts";
import type { AgentTool, AgentToolResult } from "./tool.ts";

/** The channel contract (spec 1.2–1.16). Method syntax on purpose: a plugin narrows its account type. */

export type ChatType = "direct" | "group" | "channel" | "thread";

/** The whole configuration as plugins see it. */
export type ChannelConfig = Readonly<Record<string, unknown>>;

export interface ChannelMeta {
  id: string;
  label: string;
  selectionLabel?: string;
  docsPath?: string;
  blurb?: string;
  order?: number;
  /** Accepted wherever a person types a channel id. */
  aliases?: string[];
  markdownCapable?: boolean;
  preferOver?: string[];
  [extra: string]: unknown;
}

export interface ChannelCapabilities {
  chatTypes: ChatType[];
  polls?: boolean;
  reactions?: boolean;
  edit?: boolean;
  unsend?: boolean;
  reply?: boolean;
  effects?: boolean;
  groupManagement?: boolean;
  threads?: boolean;
  media?: boolean;
  nativeCommands?: boolean;
  blockStreaming?: boolean;
  tts?: object;
}

/** The state of one account (spec 1.4). Never holds a secret's value. */
export interface ChannelAccountSnapshot {
  accountId: string;
  name?: string;
  enabled?: boolean;
  configured?: boolean;
  linked?: boolean;
  /** The promise of `startAccount` is pending. */
  running?: boolean;
  /** The transport is usable, as the plugin reports it. */
  connected?: boolean;
  lifecycle?: "starting" | "ready" | "recovering" | "blocked" | "stopped";
  reconnectAttempts?: number;
  lastStartAt?: number;
  lastStopAt?: number;
  lastConnectedAt?: number;
  lastDisconnect?: { at: number; status?: number; error?: string; loggedOut?: boolean } | string;
  lastInboundAt?: number;
  lastOutboundAt?: number;
  lastTransportActivityAt?: number;
  lastProbeAt?: number;
  lastError?: string;
  dmPolicy?: string;
  allowFrom?: (string | number)[];
  probe?: unknown;
  [extra: string]: unknown;
}

export interface ChannelConfigAdapter<Account = unknown> {
  listAccountIds(cfg: ChannelConfig): string[];
  resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
  inspectAccount?(cfg: ChannelConfig, accountId?: string | null): unknown;
  defaultAccountId?(cfg: ChannelConfig): string;
  isEnabled?(account: Account, cfg: ChannelConfig): boolean;
  disabledReason?(account: Account, cfg: ChannelConfig): string;
  isConfigured?(account: Account, cfg: ChannelConfig): boolean | Promise<boolean>;
  unconfiguredReason?(account: Account, cfg: ChannelConfig): string;
  describeAccount?(account: Account, cfg: ChannelConfig): ChannelAccountSnapshot;
  resolveAllowFrom?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
  }): (string | number)[] | undefined;
  formatAllowFrom?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    allowFrom: (string | number)[];
  }): string[];
  resolveDefaultTo?(params: { cfg: ChannelConfig; accountId?: string | null }): string | undefined;
  [member: string]: unknown;
}

export type IdentityAuthentication = "verified" | "asserted" | "unverified" | "mutable";

export interface DmPolicyDescription {
  /** `pairing` (default), `allowlist`, `open`, `disabled`. */
  policy: string;
  allowFrom?: (string | number)[] | null;
  policyPath?: string;
  allowFromPath: string;
  approveHint: string;
  normalizeEntry?(raw: string): string;
}

export interface ChannelSecurityAdapter<Account = unknown> {
  resolveDmPolicy?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    account: Account;
  }): DmPolicyDescription | null;
  collectWarnings?(params: object): unknown;
  [member: string]: unknown;
}

export interface ChannelPairingAdapter {
  /** How this platform calls a sender's id, for the reply that carries the code. */
  idLabel: string;
  normalizeAllowEntry?(entry: string): string;
  resolveApprovalStoreEntry?(params: { id: string; meta?: object }): string | null | undefined;
  notifyApproval?(params: {
    cfg: ChannelConfig;
    id: string;
    accountId?: string;
    meta?: object;
    runtime?: unknown;
  }): Promise<void>;
}

export interface ChannelGroupContext {
  cfg: ChannelConfig;
  groupId?: string;
  accountId?: string;
  senderId?: string;
  senderName?: string;
  [extra: string]: unknown;
}

export interface ChannelGroupAdapter {
  resolveRequireMention?(context: ChannelGroupContext): boolean | undefined;
  resolveToolPolicy?(context: ChannelGroupContext): object | undefined;
}

export interface ChannelMentionAdapter {
  stripRegexes?(params: { ctx: object; cfg: ChannelConfig; agentId?: string }): RegExp[];
  stripPatterns?(params: { ctx: object; cfg: ChannelConfig; agentId?: string }): string[];
  stripMentions?(params: { text: string; ctx: object; cfg: ChannelConfig; agentId?: string }): string;
}

export interface ChannelMessagingAdapter {
  targetPrefixes?: string[];
  normalizeTarget?(raw: string): string | undefined;
  targetResolver?: {
    looksLikeId?(raw: string, normalized?: string): boolean;
    hint?: string;
    reservedLiterals?: string[];
    resolveTarget?(params: {
      cfg: ChannelConfig;
      accountId?: string | null;
      input: string;
      normalized: string;
      preferredKind?: string;
    }): Promise<{ to: string; kind?: string; display?: string; source?: string } | null>;
  };
  inferTargetChatType?(params: { to: string }): ChatType | undefined;
  formatTargetDisplay?(params: { target: string; display?: string; kind?: string }): string;
  [member: string]: unknown;
}

/** What a platform said about one sent part (spec 1.10). */
export interface MessageReceipt {
  primaryPlatformMessageId?: string;
  platformMessageIds: string[];
  parts?: { platformMessageId: string; kind: string; index: number; threadId?: string; replyToId?: string }[];
  threadId?: string;
  replyToId?: string;
  sentAt: number;
  raw?: unknown;
}

export interface OutboundDeliveryResult {
  channel?: string;
  messageId: string;
  /** Nothing was sent, on purpose. */
  outcome?: "not_sent";
  timestamp?: number;
  receipt?: MessageReceipt;
  [extra: string]: unknown;
}

export interface ChannelOutboundContext {
  cfg: ChannelConfig;
  to: string;
  text: string;
  accountId?: string;
  threadId?: string;
  replyToId?: string;
  replyToIdSource?: "explicit" | "implicit";
  mediaUrl?: string;
  silent?: boolean;
  signal?: AbortSignal;
  /** The outbox row; a platform with client ids can use it as one. */
  deliveryQueueId?: string;
  deliveryPartIndex?: number;
  deliveryPartCount?: number;
  /**
   * To be called, and awaited, right before the first byte leaves: from then on a failure is ambiguous and
   * is not repeated blindly.
   */
  onPlatformSendDispatch?(): Promise<void>;
  [extra: string]: unknown;
}

export interface ChannelOutboundAdapter {
  deliveryMode: "direct" | "gateway" | "hybrid";
  sendText?(context: ChannelOutboundContext): Promise<OutboundDeliveryResult>;
  sendMedia?(context: ChannelOutboundContext): Promise<OutboundDeliveryResult>;
  sendPayload?(context: ChannelOutboundContext & { payload: object }): Promise<OutboundDeliveryResult>;
  sendPoll?(context: object): Promise<object>;
  /** `null`: the channel cuts long texts itself. */
  chunker?: ((text: string, limit: number, context?: object) => string[]) | null;
  chunkerMode?: "text" | "markdown";
  textChunkLimit?: number;
  resolveEffectiveTextChunkLimit?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    fallbackLimit?: number;
  }): number | undefined;
  sanitizeText?(params: {
    text: string;
    payload: object;
    cfg?: ChannelConfig;
    accountId?: string | null;
  }): string;
  /**
   * What to do with a message whose sending had begun when the process died: send it `again`, or `settle`
   * it as dead (`unknown-after-send`, listed and replayable). Default `settle`. A field of this host.
   */
  ambiguous?: "resend" | "settle";
  /**
   * True when `sendText` awaits `onPlatformSendDispatch` before its first byte; the host then records the
   * beginning of the attempt at that moment instead of when it calls the adapter. A field of this host.
   */
  reportsDispatch?: boolean;
  [member: string]: unknown;
}

export interface ChannelLogSink {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug?(message: string): void;
}

export interface ChannelGatewayContext<Account = unknown> {
  cfg: ChannelConfig;
  accountId: string;
  account: Account;
  runtime: { log(message: string): void; error(message: string): void; exit(code: number): void };
  abortSignal: AbortSignal;
  log?: ChannelLogSink;
  getStatus(): ChannelAccountSnapshot;
  /** Merges into the account's snapshot. */
  setStatus(next: Partial<ChannelAccountSnapshot>): void;
  channelRuntime?: ChannelRuntime;
}

export interface ChannelGatewayAdapter<Account = unknown> {
  /** Pending while the account runs; ends when `abortSignal` aborts (spec 1.12). */
  startAccount?(context: ChannelGatewayContext<Account>): Promise<unknown>;
  stopAccount?(context: ChannelGatewayContext<Account>): Promise<void>;
  [member: string]: unknown;
}

export interface ChannelStatusAdapter<Account = unknown> {
  probeAccount?(params: { account: Account; timeoutMs: number; cfg: ChannelConfig }): Promise<unknown>;
  buildAccountSnapshot?(params: object): ChannelAccountSnapshot;
  [member: string]: unknown;
}

export interface ChannelThreadingAdapter {
  threadAddressing?: "address" | "message";
  resolveReplyToMode?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    chatType?: string;
  }): "off" | "first" | "all" | "batched";
  [member: string]: unknown;
}

/** The fragment of a turn's identity that the shared `message` tool is described with (spec 1.15). */
export interface MessageToolDiscoveryContext {
  cfg: ChannelConfig;
  chatType?: string;
  currentChannelId?: string;
  currentChannelProvider?: string;
  currentThreadTs?: string;
  currentMessageId?: string;
  accountId?: string;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  requesterSenderId?: string;
  senderIsOwner?: boolean;
}

export interface MessageToolFragment {
  properties: Record<string, object>;
  actions?: string[];
  visibility?: "current-channel" | "all-configured";
}

export interface MessageToolDescription {
  actions?: string[];
  capabilities?: string[];
  schema?: MessageToolFragment | MessageToolFragment[];
  mediaSourceParams?: string[] | Record<string, string[]>;
}

export interface ChannelMessageActionContext {
  channel: string;
  action: string;
  cfg: ChannelConfig;
  params: Record<string, unknown>;
  accountId?: string;
  requesterSenderId?: string;
  senderIsOwner?: boolean;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  toolContext?: object;
  dryRun?: boolean;
  [extra: string]: unknown;
}

export interface ChannelMessageActionAdapter {
  describeMessageTool?(context: MessageToolDiscoveryContext): MessageToolDescription | null;
  supportsAction?(params: { action: string }): boolean;
  /** `null` or `undefined` declines. */
  handleAction?(context: ChannelMessageActionContext): Promise<AgentToolResult | null | undefined>;
  requiresTrustedRequesterSender?(params: { action: string; toolContext?: object }): boolean;
  /** Older form of `describeMessageTool`. */
  listActions?(params: { cfg: ChannelConfig }): string[];
  [member: string]: unknown;
}

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
