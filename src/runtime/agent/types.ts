import type { AssistantMessage, ImagePart, Usage } from "../../contracts/messages.ts";
import type { Disposable } from "../../kernel/disposable.ts";

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
  /** Provider and model as `provider/model`; default: session override, agent, `agents.defaults.model`. */
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
  payloads: { text: string; isError?: boolean }[];
  message?: AssistantMessage;
  provider?: string;
  model?: string;
  usage?: Usage;
  stopReason?: string;
  error?: { code: string; message: string };
}

export interface TurnAccepted {
  runId: string;
  sessionKey: string;
  sessionId: string;
  agentId: string;
  /** `started`: new; `in_flight`: known and not ended; `ended`: known, see `outcome`. */
  status: "started" | "in_flight" | "ended";
  /** Position of the user message in the transcript. */
  messageSeq?: number;
  outcome?: TurnOutcome;
}

/** One event of a run (spec 3.4, wire 6.4). `seq` starts at 1 per run and has no gaps before merging. */
export interface AgentEvent {
  runId: string;
  seq: number;
  ts: number;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  stream: string;
  data: Record<string, unknown>;
}

/** What `agent` asks of the floors above, handed in by the composition root. */
export interface ReplyPlanner {
  /**
   * Splits a final answer into outbox rows for the target (chunked at the channel's limit). Pure; runs
   * before the finishing transaction, which inserts the rows.
   */
  plan(target: DeliveryTarget, outcome: TurnOutcome): OutboxDraft[];
}

export interface OutboxDraft {
  outboxId: string;
  idempotencyKey: string;
  channel: string;
  accountId: string;
  to: string;
  threadId?: string;
  replyToId?: string;
  chunks: string[];
  sessionKey?: string;
  runId?: string;
}

/** Runs agent turns: one at a time per session lane, durable from acceptance to outcome. */
export interface AgentRuntime extends Disposable {
  /**
   * Records the turn (user message, turn row, inbox link) in one transaction, then queues it on its
   * session lane. Repeating a `runId` changes nothing and reports the state of the first.
   */
  accept(request: TurnRequest): Promise<TurnAccepted>;
  /** Resolves with the outcome, or `undefined` when `timeoutMs` passes first. Remembers ended runs via the store. */
  wait(runId: string, timeoutMs: number): Promise<TurnOutcome | undefined>;
  /** Aborts running and queued turns of a session, or one of them. Partial text is kept in the transcript. */
  abort(target: {
    sessionKey: string;
    runId?: string;
    reason: string;
  }): Promise<{ aborted: boolean; runIds: string[] }>;
  /** Partial text of the active run of a session. */
  inFlight(sessionKey: string): { runId: string; text: string } | undefined;
  activeRuns(): readonly { runId: string; sessionKey: string; startedAt: number }[];
  onEvent(listener: (event: AgentEvent) => void): Disposable;
  /** After the finishing transaction; outbox rows, if any, are committed by then. */
  onFinished(listener: (outcome: TurnOutcome) => void): Disposable;
  /** Puts every open turn of an earlier process back on its lane. Called once at start. */
  resume(): Promise<{ resumed: number }>;
  /** Stops accepting and waits for running turns up to `limitMs`; the rest stay queued for the next start. */
  drain(limitMs: number): Promise<void>;
}
