import type { Transaction } from "../engine/types.ts";
import type { OutboxDraft, TurnOutcome, TurnRequest, TurnStatus } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import { claimInboxForTurn, settleInboxRow } from "./inbox.ts";
import { hasInjections } from "./injections.ts";
import { insertOutboxDrafts } from "./outbox.ts";
import { insertSession, mergeEntry, readSession, type SessionRecord } from "./session-rows.ts";
import {
  appendEntries,
  entriesOfRun,
  type NewTranscriptEntry,
  type TranscriptRecord,
  tailEntries,
} from "./transcripts.ts";

interface TurnRow {
  run_id: string;
  ordinal: number;
  session_key: string;
  session_id: string;
  agent_id: string;
  inbox_id: string | null;
  status: TurnStatus;
  attempts: number;
  starts: number;
  request: string;
  outcome: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface TurnRecord {
  runId: string;
  /** Order of acceptance over the whole gateway. */
  ordinal: number;
  sessionKey: string;
  sessionId: string;
  agentId: string;
  status: TurnStatus;
  /** Restarts in a row that got stuck before the model began to answer. */
  attempts: number;
  /** Starts in all. */
  starts: number;
  outcome?: TurnOutcome;
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
}

/** Turns one page of `open` holds. */
export const MAX_OPEN_TURNS_PAGE = 1_000;

function toTurnRecord(row: TurnRow): TurnRecord {
  return {
    runId: row.run_id,
    ordinal: row.ordinal,
    sessionKey: row.session_key,
    sessionId: row.session_id,
    agentId: row.agent_id,
    status: row.status,
    attempts: row.attempts,
    starts: row.starts,
    ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as TurnOutcome }),
    createdAt: row.created_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}

async function readTurn(tx: Transaction, runId: string): Promise<TurnRow | undefined> {
  return tx.get<TurnRow>("SELECT * FROM turns WHERE run_id = ?", runId);
}

/** What a turn needs to start. */
export interface BegunTurn {
  turn: TurnRecord;
  session: SessionRecord;
  /** The newest earlier entries of the session, oldest first. */
  history: TranscriptRecord[];
  /** Entries this run has written already, its user message first. */
  own: TranscriptRecord[];
  /** Plugins queued context for this turn; `injections.take` hands it over. */
  injections: boolean;
  /** As accepted; images come from the recorded user message. Only when asked for. */
  request?: TurnRequest;
}

export interface AcceptTurnInput {
  request: TurnRequest;
  /** Used when the session does not exist yet. */
  newSession: { sessionId: string; lifecycleRevision: string };
  /** The user message as the transcript keeps it; without one (an internal turn) nothing is appended. */
  userMessage?: { entryId: string; body: string };
  /** Begin the turn in the same transaction, with this much history: its lane is free. */
  begin?: { historyLimit: number };
  now: number;
}

export interface AcceptTurnOutput {
  status: "started" | "in_flight" | "ended";
  sessionKey: string;
  sessionId: string;
  agentId: string;
  /** The session was created by this call. */
  created: boolean;
  messageSeq?: number;
  userEntry?: TranscriptRecord;
  outcome?: TurnOutcome;
  begun?: BegunTurn;
}

/**
 * Records a turn with its user message, session and inbox link. A known run id changes nothing and
 * reports the first one.
 */
async function acceptTurn(tx: Transaction, input: AcceptTurnInput): Promise<AcceptTurnOutput> {
  const { request, now } = input;
  const known = await readTurn(tx, request.runId);
  if (known) return repeatOf(tx, known);

  let session = await readSession(tx, request.sessionKey);
  const created = session === undefined;
  session ??= await insertSession(tx, {
    sessionKey: request.sessionKey,
    agentId: request.agentId,
    sessionId: input.newSession.sessionId,
    lifecycleRevision: input.newSession.lifecycleRevision,
    now,
    entry: { sessionStartedAt: now },
  });
  const { images: _recordedInTheMessage, ...stored } = request;
  await tx.run(
    `INSERT INTO turns (run_id, ordinal, session_key, session_id, agent_id, origin, inbox_id, status, request, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)`,
    request.runId,
    await bumpCounter(tx, "turns.accepted", 1),
    request.sessionKey,
    session.sessionId,
    request.agentId,
    request.origin,
    request.inboxId ?? null,
    JSON.stringify(stored),
    now,
  );
  const [userEntry] = input.userMessage
    ? await appendEntries(tx, {
        sessionId: session.sessionId,
        entries: [{ ...input.userMessage, runId: request.runId, idempotencyKey: `${request.runId}:user` }],
        now,
      })
    : [];
  const entry = mergeEntry(session.entry, { ...request.sessionPatch, lastRunId: request.runId });
  const messageCount = session.messageCount + (userEntry ? 1 : 0);
  await tx.run(
    "UPDATE sessions SET entry = ?, updated_at = ?, last_interaction_at = ?, message_count = ?, archived_at = NULL WHERE session_key = ?",
    JSON.stringify(entry),
    now,
    now,
    messageCount,
    request.sessionKey,
  );
  if (session.archivedAt !== undefined) await bumpCounter(tx, "sessions.live", 1);
  if (request.inboxId !== undefined) {
    await claimInboxForTurn(tx, {
      inboxId: request.inboxId,
      runId: request.runId,
      sessionKey: request.sessionKey,
      now,
    });
  }
  const begun = input.begin
    ? await beginTurn(tx, { runId: request.runId, historyLimit: input.begin.historyLimit, now })
    : undefined;
  return {
    status: "started",
    sessionKey: session.sessionKey,
    sessionId: session.sessionId,
    agentId: request.agentId,
    created,
    ...(userEntry ? { messageSeq: userEntry.seq, userEntry } : {}),
    ...(begun && "turn" in begun ? { begun } : {}),
  };
}

async function repeatOf(tx: Transaction, row: TurnRow): Promise<AcceptTurnOutput> {
  const message = await tx.get<{ seq: number }>(
    "SELECT seq FROM transcript_entries WHERE session_id = ? AND idempotency_key = ?",
    row.session_id,
    `${row.run_id}:user`,
  );
  return {
    status: row.status === "queued" || row.status === "running" ? "in_flight" : "ended",
    sessionKey: row.session_key,
    sessionId: row.session_id,
    agentId: row.agent_id,
    created: false,
    ...(message ? { messageSeq: message.seq } : {}),
    ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as TurnOutcome }),
  };
}

/** Moves a queued turn to running. `{ gone }` when it is not queued any more. */
async function beginTurn(
  tx: Transaction,
  input: { runId: string; historyLimit: number; withRequest?: boolean; now: number },
): Promise<BegunTurn | { gone: true }> {
  const row = await tx.get<TurnRow>(
    `UPDATE turns SET status = 'running', starts = starts + 1,
       started_at = COALESCE(started_at, ?)
     WHERE run_id = ? AND status = 'queued' RETURNING *`,
    input.now,
    input.runId,
  );
  const session = row && (await readSession(tx, row.session_key));
  if (!row || !session) return { gone: true };
  const own = await entriesOfRun(tx, { sessionId: row.session_id, runId: row.run_id });
  const history =
    session.sessionId === row.session_id
      ? await tailEntries(tx, {
          sessionId: row.session_id,
          afterSeq: session.resetSeq,
          limit: input.historyLimit,
          excludeRunId: row.run_id,
        })
      : [];
  return {
    turn: toTurnRecord(row),
    session,
    own,
    history,
    injections: await hasInjections(tx, {
      runId: row.run_id,
      sessionKey: row.session_key,
      firstStart: row.starts === 1,
    }),
    ...(input.withRequest ? { request: JSON.parse(row.request) as TurnRequest } : {}),
  };
}

/** Appends what a running turn produced so far, so that a crash does not lose it. */
async function recordEntries(
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
  now: number;
}

/**
 * Ends a turn: messages, outcome, outbox rows, inbox row and session counters at once. A turn that has
 * ended already keeps its first outcome.
 */
async function finishTurn(
  tx: Transaction,
  input: FinishTurnInput,
): Promise<{ applied: boolean; outcome?: TurnOutcome; entries: TranscriptRecord[] }> {
  const { outcome, now } = input;
  const row = await readTurn(tx, outcome.runId);
  if (!row) return { applied: false, entries: [] };
  if (row.outcome !== null) {
    return { applied: false, outcome: JSON.parse(row.outcome) as TurnOutcome, entries: [] };
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
  await tx.run(
    "UPDATE turns SET status = ?, outcome = ?, ended_at = ? WHERE run_id = ?",
    outcome.status,
    JSON.stringify(outcome),
    now,
    outcome.runId,
  );
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
  return { applied: true, outcome, entries };
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Procedures over agent turns: accepted = queued + running + done + failed + aborted, always. */
export const turnProcedures = {
  accept: acceptTurn,
  begin: beginTurn,
  record: recordEntries,
  finish: finishTurn,

  async get(tx: Transaction, input: { runId: string }): Promise<TurnRecord | undefined> {
    const row = await readTurn(tx, input.runId);
    return row && toTurnRecord(row);
  },

  /** Notes that a restarted turn is stuck before the model: too many of these and it is given up. */
  async stalled(tx: Transaction, input: { runId: string }): Promise<void> {
    await tx.run(
      "UPDATE turns SET attempts = attempts + 1 WHERE run_id = ? AND status = 'running'",
      input.runId,
    );
  },

  /** Notes that the model has begun to answer: failed starts before this no longer count. */
  async started(tx: Transaction, input: { runId: string }): Promise<void> {
    await tx.run("UPDATE turns SET attempts = 0 WHERE run_id = ? AND status = 'running'", input.runId);
  },

  /** Ends turns that are still queued, all of a session or one of them. */
  async abort(
    tx: Transaction,
    input: { sessionKey: string; runId?: string; reason: string; now: number },
  ): Promise<TurnOutcome[]> {
    const rows = await tx.all<TurnRow>(
      input.runId === undefined
        ? "SELECT * FROM turns WHERE session_key = ? AND status = 'queued' ORDER BY ordinal LIMIT ?"
        : "SELECT * FROM turns WHERE session_key = ? AND status = 'queued' AND run_id = ? LIMIT ?",
      input.sessionKey,
      ...(input.runId === undefined ? [] : [input.runId]),
      MAX_OPEN_TURNS_PAGE,
    );
    const outcomes: TurnOutcome[] = [];
    for (const row of rows) {
      const outcome: TurnOutcome = {
        runId: row.run_id,
        sessionKey: row.session_key,
        sessionId: row.session_id,
        agentId: row.agent_id,
        status: "aborted",
        startedAt: row.started_at ?? input.now,
        endedAt: input.now,
        payloads: [],
        stopReason: input.reason,
      };
      await finishTurn(tx, {
        outcome,
        entries: [],
        outbox: [],
        ...(row.inbox_id === null
          ? {}
          : { inbox: { inboxId: row.inbox_id, status: "ignored", reason: `aborted:${input.reason}` } }),
        now: input.now,
      });
      outcomes.push(outcome);
    }
    return outcomes;
  },

  /** Puts turns that an earlier process left running back in the queue. Returns how many. */
  async requeue(tx: Transaction, input: { runId?: string }): Promise<number> {
    const result =
      input.runId === undefined
        ? await tx.run("UPDATE turns SET status = 'queued' WHERE status = 'running'")
        : await tx.run(
            "UPDATE turns SET status = 'queued' WHERE status = 'running' AND run_id = ?",
            input.runId,
          );
    return result.changes;
  },

  /** Queued turns in order of acceptance. */
  async open(tx: Transaction, input: { afterOrdinal?: number; limit?: number }): Promise<TurnRecord[]> {
    const rows = await tx.all<TurnRow>(
      "SELECT * FROM turns WHERE status = 'queued' AND ordinal > ? ORDER BY ordinal LIMIT ?",
      input.afterOrdinal ?? 0,
      Math.min(input.limit ?? MAX_OPEN_TURNS_PAGE, MAX_OPEN_TURNS_PAGE),
    );
    return rows.map(toTurnRecord);
  },

  /** The books of DESIGN §1: what was accepted and where it is now. */
  async counts(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<{ accepted: number; byStatus: Record<TurnStatus, number>; balanced: boolean }> {
    const byStatus: Record<TurnStatus, number> = { queued: 0, running: 0, done: 0, failed: 0, aborted: 0 };
    const open = await tx.all<{ status: TurnStatus; total: number }>(
      "SELECT status, COUNT(*) AS total FROM turns WHERE status IN ('queued', 'running') GROUP BY status",
    );
    for (const row of open) byStatus[row.status] = row.total;
    const counters = await tx.all<{ name: string; value: number }>(
      "SELECT name, value FROM counters WHERE name IN ('turns.accepted', 'turns.done', 'turns.failed', 'turns.aborted')",
    );
    let accepted = 0;
    for (const { name, value } of counters) {
      if (name === "turns.accepted") accepted = value;
      else byStatus[name.slice("turns.".length) as TurnStatus] = value;
    }
    const present = Object.values(byStatus).reduce((sum, value) => sum + value, 0);
    return { accepted, byStatus, balanced: accepted === present };
  },
};
