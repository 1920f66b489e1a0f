import type { Transaction } from "../engine/types.ts";
import type { OutboxDraft, TurnOutcome } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import type { EventPlaces } from "./event-log.ts";
import { settleInboxRow } from "./inbox.ts";
import { insertOutboxDrafts } from "./outbox-drafts.ts";
import { mergeEntry, readSession } from "./session-rows.ts";
import { appendEntries, type NewTranscriptEntry, type TranscriptRecord } from "./transcripts.ts";
import { readTurn, type TurnRow } from "./turn-rows.ts";
import { type ExpectedEvents, logExpected } from "./turn-start.ts";

/** Appends what a running turn produced so far, so that a crash does not lose it. */
export async function recordEntries(
  tx: Transaction,
  input: { runId: string; entries: NewTranscriptEntry[]; now: number },
): Promise<TranscriptRecord[]> {
  const row = await readTurn(tx, input.runId);
  if (row?.status !== "running") return [];
  const written = await appendEntries(tx, {
    sessionId: row.session_id,
    entries: input.entries.map((entry) => ({ ...entry, runId: input.runId })),
    now: input.now,
  });
  await tx.run(
    "UPDATE sessions SET message_count = message_count + ? WHERE session_key = ? AND session_id = ?",
    written.length,
    row.session_key,
    row.session_id,
  );
  if (row.attempts > 0) await tx.run("UPDATE turns SET attempts = 0 WHERE run_id = ?", input.runId);
  return written;
}

export interface FinishTurnInput {
  outcome: TurnOutcome;
  entries: NewTranscriptEntry[];
  outbox: OutboxDraft[];
  inbox?: { inboxId: string; status: "answered" | "ignored"; reason?: string };
  /** Added to the session's counters. */
  usage?: { input: number; output: number; cost: number };
  sessionPatch?: Record<string, unknown>;
  /** Takes the user's words back out of the books: a plugin blocked them. The new body of the message. */
  blockedUserMessage?: string;
  /** What clients are told of the end. */
  events?: ExpectedEvents;
  now: number;
}

export interface FinishTurnOutput {
  applied: boolean;
  outcome?: TurnOutcome;
  entries: TranscriptRecord[];
  /** Where the expected events stand; absent: they were not written. */
  logged?: EventPlaces;
}

/**
 * Ends a turn: messages, outcome, outbox rows, inbox row and session counters at once. A turn that has
 * ended already keeps its first outcome.
 */
export async function finishTurn(tx: Transaction, input: FinishTurnInput): Promise<FinishTurnOutput> {
  const { outcome, now } = input;
  const row = await tx.get<Pick<TurnRow, "session_key" | "session_id">>(
    `UPDATE turns SET status = ?, outcome = ?, ended_at = ? WHERE run_id = ? AND outcome IS NULL
     RETURNING session_key, session_id`,
    outcome.status,
    JSON.stringify(outcome),
    now,
    outcome.runId,
  );
  if (!row) {
    const known = await readTurn(tx, outcome.runId);
    if (!known?.outcome) return { applied: false, entries: [] };
    return { applied: false, outcome: JSON.parse(known.outcome) as TurnOutcome, entries: [] };
  }
  if (input.blockedUserMessage !== undefined) {
    await tx.run(
      "UPDATE transcript_entries SET body = ? WHERE session_id = ? AND idempotency_key = ?",
      input.blockedUserMessage,
      row.session_id,
      `${outcome.runId}:user`,
    );
    await tx.run("UPDATE turns SET request = '{}' WHERE run_id = ?", outcome.runId);
  }
  const entries = await appendEntries(tx, {
    sessionId: row.session_id,
    entries: input.entries.map((entry) => ({ ...entry, runId: outcome.runId })),
    now,
  });
  const session = await readSession(tx, row.session_key);
  if (session && session.sessionId === row.session_id) {
    const counters = input.usage
      ? {
          inputTokens: numberOf(session.entry["inputTokens"]) + input.usage.input,
          outputTokens: numberOf(session.entry["outputTokens"]) + input.usage.output,
          estimatedCostUsd: numberOf(session.entry["estimatedCostUsd"]) + input.usage.cost,
        }
      : {};
    await tx.run(
      "UPDATE sessions SET entry = ?, updated_at = ?, message_count = ? WHERE session_key = ?",
      JSON.stringify(mergeEntry(session.entry, { ...counters, ...input.sessionPatch })),
      Math.max(now, session.updatedAt),
      session.messageCount + entries.filter((entry) => entry.type === "message").length,
      row.session_key,
    );
  }
  await insertOutboxDrafts(tx, { drafts: input.outbox, now });
  if (input.inbox) await settleInboxRow(tx, { ...input.inbox, now });
  await bumpCounter(tx, `turns.${outcome.status}`, 1);
  const logged = entries.length > 1 ? undefined : await logExpected(tx, input, row.session_id, entries[0]);
  return { applied: true, outcome, entries, ...(logged ? { logged } : {}) };
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
