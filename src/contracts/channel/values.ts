/** What the adapters of a channel talk about (spec 1.3, 1.4). */

/** The kinds of conversations that platforms have. */
export type ChatType = "direct" | "group" | "channel" | "thread";

/** The whole configuration as plugins see it. */
export type ChannelConfig = Readonly<Record<string, unknown>>;

/** How a channel is shown, and what else it is called. */
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

/** What a platform can do; what is absent it cannot. */
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
