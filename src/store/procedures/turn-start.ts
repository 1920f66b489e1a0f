import type { Transaction } from "../engine/types.ts";
import type { TurnOutcome, TurnRequest } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import { appendEvents, type EventPlaces, type EventRows } from "./event-log.ts";
import { claimInboxForTurn } from "./inbox.ts";
import { hasInjections } from "./injections.ts";
import { insertSession, mergeEntry, readSession, type SessionRecord } from "./session-rows.ts";
import {
  appendEntries,
  entriesOfRun,
  historyOf,
  type TranscriptRecord,
  type TurnHistory,
} from "./transcripts.ts";
import { readTurn, type TurnRecord, type TurnRow, toTurnRecord } from "./turn-rows.ts";

/** What a turn needs to start. */
export interface BegunTurn {
  turn: TurnRecord;
  session: SessionRecord;
  /** The newest earlier messages of the session. */
  history: TurnHistory;
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
  /** What clients are told of a turn that begins here. */
  events?: ExpectedEvents;
  now: number;
}

/**
 * Events that name a transcript position before it is given out. They are written along when the session and
 * the position turn out as expected, and otherwise left to the caller.
 */
export interface ExpectedEvents extends EventRows {
  sessionId: string;
  /** Position of the one entry written; absent: none is. */
  seq?: number;
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
  /** Where the expected events stand; absent: they were not written. */
  logged?: EventPlaces;
}

/**
 * Records a turn with its user message, session and inbox link. A known run id changes nothing and
 * reports the first one.
 */
export async function acceptTurn(tx: Transaction, input: AcceptTurnInput): Promise<AcceptTurnOutput> {
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
  const turn = await insertTurn(tx, input, session.sessionId);
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
  const begun = input.begin && {
    turn,
    session: sessionAfter(session, { entry, messageCount, now }),
    own: userEntry ? [userEntry] : [],
    history: created
      ? NO_HISTORY
      : await historyOf(tx, {
          sessionId: session.sessionId,
          afterSeq: session.resetSeq,
          limit: input.begin.historyLimit,
          excludeRunId: request.runId,
        }),
    injections: await hasInjections(tx, {
      runId: request.runId,
      sessionKey: request.sessionKey,
      firstStart: true,
    }),
  };
  const logged = begun && (await logExpected(tx, input, session.sessionId, userEntry));
  return {
    status: "started",
    sessionKey: session.sessionKey,
    sessionId: session.sessionId,
    agentId: request.agentId,
    created,
    ...(userEntry ? { messageSeq: userEntry.seq, userEntry } : {}),
    ...(begun ? { begun } : {}),
    ...(logged ? { logged } : {}),
  };
}

const NO_HISTORY: TurnHistory = { seqs: [], runIds: [], bodies: [] };

async function insertTurn(tx: Transaction, input: AcceptTurnInput, sessionId: string): Promise<TurnRecord> {
  const { request, now } = input;
  const { images: _recordedInTheMessage, ...stored } = request;
  const row: TurnRow = {
    run_id: request.runId,
    ordinal: await bumpCounter(tx, "turns.accepted", 1),
    session_key: request.sessionKey,
    session_id: sessionId,
    agent_id: request.agentId,
    inbox_id: request.inboxId ?? null,
    status: input.begin ? "running" : "queued",
    attempts: 0,
    starts: input.begin ? 1 : 0,
    request: JSON.stringify(stored),
    outcome: null,
    created_at: now,
    started_at: input.begin ? now : null,
    ended_at: null,
  };
  await tx.run(
    `INSERT INTO turns (run_id, ordinal, session_key, session_id, agent_id, origin, inbox_id, status, starts, request, created_at, started_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.run_id,
    row.ordinal,
    row.session_key,
    row.session_id,
    row.agent_id,
    request.origin,
    row.inbox_id,
    row.status,
    row.starts,
    row.request,
    row.created_at,
    row.started_at,
  );
  return toTurnRecord(row);
}

/** The session as the update of an accepted turn left it. */
function sessionAfter(
  session: SessionRecord,
  change: { entry: Record<string, unknown>; messageCount: number; now: number },
): SessionRecord {
  const { archivedAt: _back, ...rest } = session;
  const { entry, messageCount, now } = change;
  return { ...rest, entry, messageCount, updatedAt: now, lastInteractionAt: now };
}

/** Writes the events of a change when it came out as they say. */
export async function logExpected(
  tx: Transaction,
  input: { events?: ExpectedEvents; now: number },
  sessionId: string,
  entry: TranscriptRecord | undefined,
): Promise<EventPlaces | undefined> {
  const { events, now } = input;
  if (events?.sessionId !== sessionId || events.seq !== entry?.seq) return undefined;
  return appendEvents(tx, { events: events.events, keep: events.keep, now });
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
export async function beginTurn(
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
      ? await historyOf(tx, {
          sessionId: row.session_id,
          afterSeq: session.resetSeq,
          limit: input.historyLimit,
          excludeRunId: row.run_id,
        })
      : NO_HISTORY;
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
