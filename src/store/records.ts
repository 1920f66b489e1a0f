import type { AssistantMessage, ImagePart, Usage } from "../contracts/messages.ts";

/** Where the visible answer of a turn goes besides the transcript. */
export interface DeliveryTarget {
  channel: string;
  accountId: string;
  to: string;
  threadId?: string;
  replyToId?: string;
}

/** A turn as accepted; stored as JSON in `turns.request`, so that a restart can go on with it. */
export interface TurnRequest {
  /** Equal to the caller's idempotency key for RPC; unique. */
  runId: string;
  sessionKey: string;
  agentId: string;
  origin: "chat" | "agent" | "channel" | "cron" | "plugin";
  /** What the model gets; `transcriptText` is what the transcript keeps when it differs. */
  text: string;
  transcriptText?: string;
  images?: ImagePart[];
  /** The inbox row this turn answers; settled in the same transaction as the turn. */
  inboxId?: string;
  /** Fields merged into the session entry on acceptance (channel, chatType, displayName, lastTo…). */
  sessionPatch?: Record<string, unknown>;
  deliver?: DeliveryTarget;
  /** `provider/model`; default: session override, then agent, then `agents.defaults.model`. */
  model?: string;
  thinking?: string;
  extraSystemPrompt?: string;
  /** 0 = no limit. */
  timeoutMs?: number;
  /** Facts for hooks and prompts: sender, channel context. JSON only. */
  context?: Record<string, unknown>;
}

export type TurnStatus = "queued" | "running" | "done" | "failed" | "aborted";

/** How a turn ended; stored as JSON in `turns.outcome`. */
export interface TurnOutcome {
  runId: string;
  sessionKey: string;
  sessionId: string;
  agentId: string;
  status: "done" | "failed" | "aborted";
  startedAt: number;
  endedAt: number;
  /** Visible reply parts; empty for a silent reply. */
  payloads: {
    text: string;
    mediaUrls?: string[];
    isError?: boolean;
    /** Says that another model answers than usual. */
    isFallbackNotice?: boolean;
  }[];
  message?: AssistantMessage;
  provider?: string;
  model?: string;
  usage?: Usage;
  stopReason?: string;
  error?: { code: string; message: string };
}

/** Files of an outbound message, in order; the first goes with the first chunk of its text. */
export interface OutboxMedia {
  /** Web addresses, `data:` addresses, or files; files are confined when they are sent. */
  urls: string[];
  audioAsVoice?: boolean;
  /** Pictures and sounds go as files, too. */
  forceDocument?: boolean;
  /** Nobody's device makes a sound. */
  silent?: boolean;
  /** How the words with the files are to be read. */
  parseMode?: "HTML";
}

/** An outbound message before it is a row. One row per message; `chunks` are its platform-sized parts. */
export interface OutboxDraft extends DeliveryTarget {
  outboxId: string;
  idempotencyKey: string;
  /** The whole text before cutting; kept only where there is more than one chunk. */
  content?: string;
  chunks: string[];
  media?: OutboxMedia;
  sessionKey?: string;
  runId?: string;
}

export const INBOX_STATUSES = ["pending", "claimed", "answered", "ignored", "superseded", "dead"] as const;
export type InboxStatus = (typeof INBOX_STATUSES)[number];
export const OUTBOX_STATUSES = ["queued", "sending", "delivered", "cancelled", "dead"] as const;
export type OutboxStatus = (typeof OUTBOX_STATUSES)[number];

/** Reason of a message that may or may not have reached the platform when the process died. */
export const UNKNOWN_AFTER_SEND = "unknown-after-send";

/** Rows of the inbox or the outbox that one call may list. */
export const DELIVERY_PAGE_LIMIT = 500;
