import type { ChannelConfig, ChatType } from "./values.ts";

/** Where a message goes and how it is sent (spec 1.8–1.10, 1.14). */

/** Reads addresses as people and agents write them (spec 1.8). */
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

/** What came of sending one part. */
export interface OutboundDeliveryResult {
  channel?: string;
  messageId: string;
  /** Nothing was sent, on purpose. */
  outcome?: "not_sent";
  timestamp?: number;
  receipt?: MessageReceipt;
  [extra: string]: unknown;
}

/** One part of a message to be sent. */
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

/** Sends messages (spec 1.9, 1.10). */
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

/** Threads and quoting (spec 1.14). */
export interface ChannelThreadingAdapter {
  threadAddressing?: "address" | "message";
  resolveReplyToMode?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    chatType?: string;
  }): "off" | "first" | "all" | "batched";
  [member: string]: unknown;
}
