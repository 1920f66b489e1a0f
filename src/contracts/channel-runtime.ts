import type { ChannelConfig, ChatType } from "./channel.ts";
import type { ReplyPayload } from "./hooks.ts";
import type { ChannelMedia } from "./media-files.ts";

/**
 * A message as a channel hands it over, before any decision: it is a durable row when `receive` resolves.
 * JSON only. The host applies access, pairing and mention rules, routes, and starts the turn.
 */
export interface InboundMessage {
  channel: string;
  accountId: string;
  /** The platform's own id, or one the channel derives; a repeated id is the same message. */
  messageId: string;
  /** Milliseconds since the epoch. */
  timestamp?: number;
  conversation: {
    kind: ChatType;
    id: string;
    label?: string;
    threadId?: string;
    parentId?: string;
    /** The channel's own settings name this group, which lists it under the group policy `allowlist`. */
    configured?: boolean;
  };
  sender: {
    /** The form shown to people and stored by pairing. */
    id: string;
    /** Further forms an allowlist may name; never weaker ones than the platform asserts. */
    aliases?: string[];
    name?: string;
    username?: string;
    isBot?: boolean;
    isSelf?: boolean;
  };
  text: string;
  /** What the model gets when it differs. */
  textForAgent?: string;
  mention?: { canDetect: boolean; wasMentioned: boolean; implicitKinds?: string[] };
  /** Where the answer goes. */
  reply: { to: string; threadId?: string; replyToId?: string };
  metadata?: Record<string, unknown>;
}

/** What became of a message that a channel handed over. */
export interface InboundResult {
  status: "accepted" | "ignored" | "duplicate" | "buffered" | "handled";
  inboxId: string;
  /** Why it was ignored, or the reason code of the access decision. */
  reason?: string;
  runId?: string;
  sessionKey?: string;
}

/** The flat description of one inbound event that plugins write by hand (spec 1.17). */
export interface MsgContext {
  Body?: string;
  BodyForAgent?: string;
  BodyForCommands?: string;
  CommandBody?: string;
  RawBody?: string;
  From?: string;
  To?: string;
  SessionKey?: string;
  AgentId?: string;
  AccountId?: string;
  MessageSid?: string;
  MessageSidFull?: string;
  ReplyToId?: string;
  ReplyToBody?: string;
  ChatType?: string;
  ConversationLabel?: string;
  GroupSubject?: string;
  GroupChannel?: string;
  GroupSpace?: string;
  SenderName?: string;
  SenderId?: string;
  SenderUsername?: string;
  SenderTag?: string;
  Provider?: string;
  Surface?: string;
  OriginatingChannel?: string;
  OriginatingTo?: string;
  MessageThreadId?: string | number;
  WasMentioned?: boolean;
  CommandAuthorized?: boolean;
  Timestamp?: number;
  [field: string]: unknown;
}

/** One part of an answer. */
export type ChannelReplyPayload = ReplyPayload;

/** Output of a tool, a part of the answer while it grows, or the end of it. */
export type ReplyKind = "tool" | "block" | "final";

/** What is known of a part besides its content. */
export interface ReplyDeliveryInfo {
  kind: ReplyKind;
  [extra: string]: unknown;
}

/** How a plugin delivers what the agent says, while its process lives (spec 1.18.11). */
export interface ReplyDispatcherOptions {
  deliver(payload: ChannelReplyPayload, info: ReplyDeliveryInfo): unknown;
  onError?(error: unknown, info: ReplyDeliveryInfo): void;
  onSkip?(payload: ChannelReplyPayload, info: ReplyDeliveryInfo & { reason: string }): void;
  onReplyStart?(): unknown;
  onIdle?(): void;
  onCleanup?(): void;
  responsePrefix?: string;
  [extra: string]: unknown;
}

/** What becomes of a message that a plugin hands over (spec 1.18.11); exactly one of the first two is told. */
export interface TurnAdoptionLifecycle {
  /** The message is durable here: its claim at the platform, or in a queue, may be completed. */
  onAdopted?(): unknown;
  /** It was not taken and may be offered again. */
  onAbandoned?(error?: unknown): unknown;
  /** Its turn is over. */
  onSettled?(): unknown;
}

/** Follows one answer while it is made. */
export interface ReplyOptions {
  runId?: string;
  abortSignal?: AbortSignal;
  turnAdoptionLifecycle?: TurnAdoptionLifecycle;
  onAgentRunStart?(runId: string): void;
  onReplyStart?(): unknown;
  onPartialReply?(partial: { text: string; delta?: string }): unknown;
  onToolStart?(event: { name?: string; phase?: string; toolCallId?: string }): unknown;
  onModelSelected?(choice: { provider?: string; model?: string }): void;
  [extra: string]: unknown;
}

/** What was handed over to be delivered. */
export interface DispatchResult {
  queuedFinal: boolean;
  counts: Record<ReplyKind, number>;
  failedCounts?: Record<ReplyKind, number>;
  [extra: string]: unknown;
}

/** What a plugin decided about a message before its turn. */
export type ChannelTurnAdmission =
  | { kind: "dispatch" }
  | { kind: "observeOnly"; reason: string }
  | { kind: "handled"; reason: string }
  | { kind: "drop"; reason: string; recordHistory?: boolean };

/** What became of a message that a plugin took through its turn. */
export interface ChannelTurnResult {
  admission: ChannelTurnAdmission;
  dispatched: boolean;
  ctxPayload?: MsgContext;
  routeSessionKey?: string;
  dispatchResult?: DispatchResult;
}

/** A claimed or waiting event of a plugin's own durable queue (spec 1.18.12). */
export interface IngressRecord<Payload = unknown, Metadata = unknown> {
  id: string;
  payload: Payload;
  metadata?: Metadata;
  laneKey?: string;
  status: "pending" | "claimed" | "completed" | "failed";
  attempts: number;
  lastError?: string;
  receivedAt: number;
  claimedAt?: number;
  ownerId?: string;
}

/** A plugin's own durable queue of events (spec 1.18.12). Times are milliseconds since the epoch. */
export interface IngressQueue<Payload = unknown, Metadata = unknown> {
  enqueue(
    id: string,
    payload: Payload,
    options?: { metadata?: Metadata; receivedAt?: number; laneKey?: string },
  ): Promise<{
    kind: "accepted" | "pending" | "claimed" | "completed" | "failed";
    duplicate: boolean;
    record: IngressRecord<Payload, Metadata>;
  }>;
  listPending(options?: { limit?: number }): Promise<IngressRecord<Payload, Metadata>[]>;
  listClaims(options?: { limit?: number }): Promise<IngressRecord<Payload, Metadata>[]>;
  listFailed(options?: { limit?: number }): Promise<IngressRecord<Payload, Metadata>[]>;
  claimNext(options?: {
    ownerId?: string;
    blockedLaneKeys?: Iterable<string>;
    candidateIds?: Iterable<string>;
    scanLimit?: number;
    staleMs?: number;
  }): Promise<IngressRecord<Payload, Metadata> | null>;
  claim(id: string, options?: { ownerId?: string }): Promise<IngressRecord<Payload, Metadata> | null>;
  refreshClaim(claim: string | { id: string }): Promise<boolean>;
  complete(
    claim: string | { id: string },
    options?: { metadata?: Metadata; completedAt?: number },
  ): Promise<boolean>;
  release(
    claim: string | { id: string },
    options?: { lastError?: string; releasedAt?: number; recordAttempt?: boolean; availableAt?: number },
  ): Promise<boolean>;
  fail(
    claim: string | { id: string },
    options: { reason: string; message?: string; failedAt?: number },
  ): Promise<boolean>;
  resubmit(id: string): Promise<boolean>;
  delete(claim: string | { id: string }): Promise<boolean>;
  recoverStaleClaims(options?: { staleMs?: number; now?: number }): Promise<number>;
  prune(options?: {
    now?: number;
    completedTtlMs?: number;
    failedTtlMs?: number;
    completedMax?: number;
    failedMax?: number;
  }): Promise<number>;
}

/**
 * `api.runtime.channel` (spec 1.19). The namespaces are objects of functions whose shapes the spec gives;
 * those a bundled channel relies on are typed here.
 */
export interface ChannelRuntime {
  readonly inbound: {
    /** Records a message and does the rest. A function of this host; the others are the ecosystem's. */
    receive(message: InboundMessage): Promise<InboundResult>;
    buildContext(params: Record<string, unknown>): MsgContext;
    run(params: Record<string, unknown>): Promise<ChannelTurnResult>;
    dispatch(plan: Record<string, unknown>): Promise<ChannelTurnResult>;
    dispatchReply(plan: Record<string, unknown>): Promise<ChannelTurnResult>;
    runPreparedReply(plan: Record<string, unknown>): Promise<ChannelTurnResult>;
    readonly [member: string]: unknown;
  };
  readonly routing: {
    resolveAgentRoute(params: {
      cfg: ChannelConfig;
      channel: string;
      accountId?: string | null;
      peer?: { kind: string; id: string } | null;
      [extra: string]: unknown;
    }): { agentId: string; sessionKey: string; mainSessionKey: string; accountId: string; matchedBy: string };
    buildAgentSessionKey(params: Record<string, unknown>): string;
    readonly [member: string]: unknown;
  };
  readonly reply: Readonly<Record<string, unknown>>;
  readonly session: Readonly<Record<string, unknown>>;
  readonly text: Readonly<Record<string, unknown>>;
  readonly commands: Readonly<Record<string, unknown>>;
  readonly mentions: Readonly<Record<string, unknown>>;
  readonly pairing: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, unknown>>;
  readonly activity: Readonly<Record<string, unknown>>;
  readonly debounce: Readonly<Record<string, unknown>>;
  readonly media: ChannelMedia;
  readonly outbound: Readonly<Record<string, unknown>>;
  /** The reaction that tells a sender the message was seen (spec 1.18.12). */
  readonly reactions: Readonly<Record<string, unknown>>;
  /** What is live of running accounts (spec 1.12): `register`, `get`, `watch`. */
  readonly runtimeContexts: Readonly<Record<string, unknown>>;
  readonly [namespace: string]: unknown;
}
