import type { EmbeddingProviderAdapter, MemoryCapability, MemoryPromptBuilder } from "./capabilities.ts";
import type { ChannelPlugin } from "./channel.ts";
import type { PluginCommand } from "./registrations.ts";
import type { KeyedStore, KeyedStoreOptions, SessionEntry, SyncKeyedStore } from "./runtime.ts";
import type { SdkConversations } from "./sdk-conversations.ts";

/**
 * What SDK functions without an `api` may ask of the gateway beyond `api.runtime`. Synchronous members block
 * for a round trip to the store, because the functions of the SDK that need them are synchronous.
 */
export interface SdkServices {
  readonly version: string;
  /** The running channel plugin of that id. */
  channelPlugin(channel: string): ChannelPlugin | undefined;
  /** Commands of plugins that a channel offers. */
  commands(channel?: string): readonly PluginCommand[];
  readonly interactive: SdkInteractive;
  readonly conversations: SdkConversations;
  readonly sessions: SdkSessions;
  readonly models: SdkModels;
  readonly memory: SdkMemory;
  readonly embeddings: SdkEmbeddings;
  /** The registered providers of a kind, in the order of registration. */
  providers(kind: string): readonly unknown[];
  readonly deliveries: SdkDeliveries;
  /** A public file of a plugin, loaded after the checks of the manifest registry (plugin-sdk spec 6.9). */
  facade(request: { pluginId: string; surface: string; activated?: boolean }): Promise<object>;
  /** Calls the listener with what happens; the result ends that. */
  onDiagnosticEvent(listener: (event: DiagnosticEvent) => void): () => void;
  /** What stands in the file and what is in force, with the file's hash. */
  config(): SdkConfigState;
  keyedStore<T>(pluginId: string, options: KeyedStoreOptions): KeyedStore<T>;
  syncKeyedStore<T>(pluginId: string, options: KeyedStoreOptions): SyncKeyedStore<T>;
}

export interface SdkConfigState {
  path: string;
  hash: string;
  source: Readonly<Record<string, unknown>>;
  config: Readonly<Record<string, unknown>>;
}

export interface SdkSessions {
  get(sessionKey: string, agentId?: string): SessionEntry | undefined;
  list(filter: { agentId?: string }): { sessionKey: string; entry: SessionEntry }[];
  /** @returns false when there is no such session, or it changed since it was read */
  delete(
    sessionKey: string,
    options: {
      agentId?: string;
      keepTranscript?: boolean;
      expectedSessionId?: string;
      expectedUpdatedAt?: number;
    },
  ): Promise<boolean>;
  /** The newest entries, oldest first, since the last reset. */
  transcript(sessionKey: string, limit: number): SdkTranscriptEntry[];
  keyOf(sessionId: string): string | undefined;
}

export interface SdkTranscriptEntry {
  id: string;
  parentId?: string;
  type: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  body: unknown;
}

/** A message that waits to be sent. */
export interface SdkDelivery {
  id: string;
  channel: string;
  accountId: string;
  to: string;
  /** Attempts that failed so far. */
  retryCount: number;
  /** Milliseconds since 1970. */
  enqueuedAt: number;
  lastError?: string;
}

export interface SdkDeliveries {
  /**
   * Has waiting messages sent: `now` before the pause after a failure is over, `when-due` those whose time has
   * come. Returns how many were chosen.
   */
  hasten(choose: (delivery: SdkDelivery) => "now" | "when-due" | "leave"): Promise<number>;
}

/** The memory of the gateway, for companions of the plugin that keeps it (plugin-sdk spec 3.15). */
export interface SdkMemory {
  /** What the plugin in the memory slot registered, older setters merged in. */
  active(): { pluginId: string; capability: MemoryCapability } | undefined;
  /** Prompt builders of any plugin, beside the active memory. */
  promptSupplements(): readonly { pluginId: string; builder: MemoryPromptBuilder }[];
}

/** Adapters that plugins registered; only reading, because a manifest says who owns which. */
export interface SdkEmbeddings {
  find(id: string): EmbeddingProviderAdapter | undefined;
  /** Generic ones first, then the older ones for memory; each id once. */
  list(): readonly EmbeddingProviderAdapter[];
  /** Those that memory search is to use, the fallback last; loads plugins that still wait. */
  forMemorySearch(config: Readonly<Record<string, unknown>>): Promise<readonly EmbeddingProviderAdapter[]>;
}

export interface SdkModelRow {
  provider: string;
  id: string;
  name: string;
  contextWindow: number;
  reasoning: boolean;
  input: string[];
}

/** Pictures for a model, and how to ask it. */
export interface SdkImageRequest {
  provider: string;
  model: string;
  images: readonly { buffer: Buffer; mime?: string; fileName?: string }[];
  prompt?: string;
  maxTokens?: number;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Each of these takes the place of what the provider is configured with. */
  apiKey?: string;
  baseUrl?: string;
  headers?: Record<string, string>;
  /** Changes the request's body before it is sent. */
  onPayload?(payload: unknown, model: unknown): unknown;
}

export interface SdkModels {
  /** Asks the model about pictures. */
  describeImages(request: SdkImageRequest): Promise<{ text: string; model: string }>;
  list(): Promise<SdkModelRow[]>;
  /** What `list` last found; `undefined` before. */
  known(): SdkModelRow[] | undefined;
  /** `provider/model` of an agent, as configured or the one that always exists. */
  defaultRef(config: Readonly<Record<string, unknown>>, agentId?: string): string;
}

export interface InteractiveCallback {
  channel: string;
  /** `<namespace>:<payload>`. */
  data: string;
  /** The platform's id of the press; one id is handled once in five minutes. */
  dedupeId?: string;
  /** Called when a handler was found, before it runs. */
  onMatched?(): unknown;
  /** What the handler is given. */
  context?(match: { namespace: string; payload: string; pluginId: string }): Record<string, unknown>;
  /** Calls the handler itself, instead of `context`. */
  invoke?(match: {
    registration: { handler(context: Record<string, unknown>): unknown };
    namespace: string;
    payload: string;
  }): unknown;
}

export interface InteractiveOutcome {
  matched: boolean;
  handled: boolean;
  duplicate: boolean;
  /** What the handler returned. */
  result?: unknown;
}

export interface SdkInteractive {
  dispatch(callback: InteractiveCallback): Promise<InteractiveOutcome>;
}

/** Something that happened, for exporters: counted in order, with the session it belongs to. */
export interface DiagnosticEvent {
  type: "session.state" | "message.processed" | "model.usage";
  seq: number;
  /** Milliseconds since 1970. */
  ts: number;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  runId?: string;
  [field: string]: unknown;
}
