import type { Transaction } from "../engine/types.ts";

/** Rows removed in one transaction; a larger surplus goes in several steps. */
export const MAX_TRIM_ROWS = 1_024;
/** Rows above what is kept that wait for the next trim, so that not every append trims. */
export const TRIM_STEP_ROWS = 64;
/** Most events returned by one read. */
export const MAX_EVENTS_PER_READ = 1_000;

const ONLY_LOG = 1;

export interface NewEvent {
  event: string;
  sessionKey?: string;
  /** JSON text, as it goes into the frame. */
  payload: string;
}

export interface LoggedEvent {
  position: number;
  event: string;
  sessionKey?: string;
  payload: string;
  createdAt: number;
}

/** Where the log stands. Positions start at 1; those up to `floor` were trimmed. */
export interface EventLogState {
  /** Names this log; a client's position means nothing under another epoch. */
  epoch: string;
  head: number;
  floor: number;
}

export type EventLogRead =
  | { status: "ok"; epoch: string; head: number; events: LoggedEvent[]; more: boolean }
  /** The client's position is not in this log: it must load the state anew and go on from `head`. */
  | { status: "reset"; epoch: string; head: number };

/** Events that a state change writes along with itself, and how many rows the log keeps. */
export interface EventRows {
  events: readonly NewEvent[];
  keep: number;
}

/** Where events came to stand: positions `first` to `last`. */
export interface EventPlaces {
  epoch: string;
  first: number;
  last: number;
}

/**
 * Appends events in order and trims the front to about `keep`. Other procedures call it with their own
 * `tx`, so that a state change and its event are one commit.
 */
export async function appendEvents(
  tx: Transaction,
  input: EventRows & { now: number },
): Promise<EventPlaces> {
  const state = await tx.get<EventLogState>(
    "UPDATE event_log_state SET head = head + ? WHERE id = ? RETURNING epoch, head, floor",
    input.events.length,
    ONLY_LOG,
  );
  if (!state) throw new Error("the event log was not opened");
  const first = state.head - input.events.length + 1;
  let position = first;
  for (const { event, sessionKey, payload } of input.events) {
    await tx.run(
      "INSERT INTO event_log (epoch, position, event, session_key, payload, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      state.epoch,
      position,
      event,
      sessionKey ?? null,
      payload,
      input.now,
    );
    position++;
  }
  const surplus = state.head - input.keep - state.floor;
  if (surplus > Math.min(TRIM_STEP_ROWS, Math.floor(input.keep / TRIM_STEP_ROWS))) {
    const floor = await removeUpTo(tx, state, state.head - input.keep);
    await tx.run("UPDATE event_log_state SET floor = ? WHERE id = ?", floor, ONLY_LOG);
  }
  return { epoch: state.epoch, first, last: state.head };
}

/** The bounded log of state-changing events, `(epoch, position)`. */
export const eventLogProcedures = {
  /** Opens the log; `epoch` becomes its name when there is none yet. */
  async open(tx: Transaction, input: { epoch: string }): Promise<EventLogState> {
    await tx.run(
      "INSERT INTO event_log_state (id, epoch, head, floor) VALUES (?, ?, 0, 0) ON CONFLICT (id) DO NOTHING",
      ONLY_LOG,
      input.epoch,
    );
    return stateOf(tx);
  },

  append: appendEvents,

  /** Everything after a position, oldest first; one explicit reset when that is not possible. */
  async readAfter(
    tx: Transaction,
    input: { epoch: string; position: number; limit?: number },
  ): Promise<EventLogRead> {
    const { epoch, head, floor } = await stateOf(tx);
    if (input.epoch !== epoch || input.position < floor || input.position > head) {
      return { status: "reset", epoch, head };
    }
    const limit = Math.min(input.limit ?? MAX_EVENTS_PER_READ, MAX_EVENTS_PER_READ);
    const rows = await tx.all<EventRow>(
      `SELECT position, event, session_key, payload, created_at FROM event_log
       WHERE epoch = ? AND position > ? ORDER BY position LIMIT ?`,
      epoch,
      input.position,
      limit,
    );
    const last = rows.at(-1)?.position ?? head;
    return { status: "ok", epoch, head, events: rows.map(toEvent), more: last < head };
  },

  /** One bounded step of trimming to `keep` events. */
  async trim(tx: Transaction, input: { keep: number }): Promise<{ removed: number; more: boolean }> {
    const state = await stateOf(tx);
    const target = state.head - input.keep;
    const floor = await removeUpTo(tx, state, target);
    if (floor !== state.floor)
      await tx.run("UPDATE event_log_state SET floor = ? WHERE id = ?", floor, ONLY_LOG);
    return { removed: floor - state.floor, more: floor < target };
  },
};

interface EventRow {
  position: number;
  event: string;
  session_key: string | null;
  payload: string;
  created_at: number;
}

async function stateOf(tx: Transaction): Promise<EventLogState> {
  const row = await tx.get<EventLogState>(
    "SELECT epoch, head, floor FROM event_log_state WHERE id = ?",
    ONLY_LOG,
  );
  if (!row) throw new Error("the event log was not opened");
  return row;
}

async function removeUpTo(tx: Transaction, state: EventLogState, target: number): Promise<number> {
  const floor = Math.min(target, state.floor + MAX_TRIM_ROWS);
  if (floor <= state.floor) return state.floor;
  await tx.run("DELETE FROM event_log WHERE epoch = ? AND position <= ?", state.epoch, floor);
  return floor;
}

function toEvent(row: EventRow): LoggedEvent {
  return {
    position: row.position,
    event: row.event,
    payload: row.payload,
    createdAt: row.created_at,
    ...(row.session_key === null ? {} : { sessionKey: row.session_key }),
  };
}
