import type { SqlValue, Transaction } from "../engine/types.ts";
import { readCounter } from "./counters.ts";
import {
  readSession,
  SESSION_COLUMNS,
  type SessionRecord,
  type SessionRow,
  toSessionRecord,
} from "./session-rows.ts";

/** Most sessions one page holds. */
export const MAX_SESSION_PAGE = 500;
/** How many of the newest sessions a text search looks at. */
export const MAX_SESSIONS_SEARCHED = 10_000;
/** Counts above this are reported as this: counting a million rows is not worth a page's wait. */
export const MAX_SESSIONS_COUNTED = 10_000;
export interface ListSessionsInput {
  /** At most {@link MAX_SESSION_PAGE}. */
  limit: number;
  offset?: number;
  agentId?: string;
  /** Part of key, label or display name, among the newest {@link MAX_SESSIONS_SEARCHED}. */
  search?: string;
  label?: string;
  /** Only sessions updated at or after this time. */
  updatedSince?: number;
  archived?: boolean;
}

export interface ListSessionsOutput {
  sessions: SessionRecord[];
  hasMore: boolean;
  /** Exact without filters; otherwise capped at {@link MAX_SESSIONS_COUNTED}. */
  totalCount: number;
}

/**
 * One page, pinned sessions first, then by last update. Pages are read from a covering index, so that the
 * first page costs the same at a thousand and at a million sessions.
 */
export async function listSessions(tx: Transaction, input: ListSessionsInput): Promise<ListSessionsOutput> {
  const limit = Math.min(Math.max(1, input.limit), MAX_SESSION_PAGE);
  const offset = Math.max(0, input.offset ?? 0);
  const filter = sessionFilter(input);
  if (input.archived) {
    const keys = await pageOfKeys(
      tx,
      "archived_at IS NOT NULL",
      "archived_at DESC",
      filter,
      limit + 1,
      offset,
    );
    return finishPage(tx, keys, limit, await countUpTo(tx, "archived_at IS NOT NULL", filter));
  }
  const pinnedWhere = "pinned_at IS NOT NULL AND archived_at IS NULL";
  const liveWhere = "archived_at IS NULL AND pinned_at IS NULL";
  const pinned = await countUpTo(tx, pinnedWhere, filter);
  const keys =
    offset < pinned ? await pageOfKeys(tx, pinnedWhere, "pinned_at DESC", filter, limit + 1, offset) : [];
  if (keys.length <= limit) {
    const skip = Math.max(0, offset - pinned);
    const missing = limit + 1 - keys.length;
    keys.push(...(await pageOfKeys(tx, liveWhere, "updated_at DESC", filter, missing, skip)));
  }
  const total =
    filter.sql === "" && filter.search === undefined
      ? await readCounter(tx, "sessions.live")
      : pinned + (await countUpTo(tx, liveWhere, filter));
  return finishPage(tx, keys, limit, total);
}

/** Where a walk from the session that was used longest ago to the newest stands. */
export interface StaleCursor {
  updatedAt: number;
  sessionKey: string;
}

/** Live sessions that are not pinned, the one used longest ago first, after a cursor. */
export async function stalestSessions(
  tx: Transaction,
  input: { after?: StaleCursor; limit: number },
): Promise<SessionRecord[]> {
  const { updatedAt, sessionKey } = input.after ?? { updatedAt: Number.MIN_SAFE_INTEGER, sessionKey: "" };
  const rows = await tx.all<SessionRow>(
    `SELECT ${SESSION_COLUMNS} FROM sessions
     WHERE archived_at IS NULL AND pinned_at IS NULL
       AND updated_at >= ? AND (updated_at > ? OR session_key < ?)
     ORDER BY updated_at, session_key DESC LIMIT ?`,
    updatedAt,
    updatedAt,
    sessionKey,
    Math.min(Math.max(1, input.limit), MAX_SESSION_PAGE),
  );
  return rows.map(toSessionRecord);
}

interface Filter {
  sql: string;
  params: SqlValue[];
  /** Set for a text search, which looks at a bounded number of rows only. */
  search?: string;
}

function sessionFilter(input: ListSessionsInput): Filter {
  const clauses: string[] = [];
  const params: SqlValue[] = [];
  if (input.agentId !== undefined) {
    clauses.push("agent_id = ?");
    params.push(input.agentId);
  }
  if (input.label !== undefined) {
    clauses.push("label = ?");
    params.push(input.label);
  }
  if (input.updatedSince !== undefined) {
    clauses.push("updated_at >= ?");
    params.push(input.updatedSince);
  }
  const search = input.search?.trim().toLowerCase();
  return {
    sql: clauses.map((clause) => ` AND ${clause}`).join(""),
    params,
    ...(search ? { search } : {}),
  };
}

async function pageOfKeys(
  tx: Transaction,
  where: string,
  order: string,
  filter: Filter,
  limit: number,
  offset: number,
): Promise<string[]> {
  if (filter.search !== undefined) {
    const pattern = likePattern(filter.search);
    const rows = await tx.all<{ session_key: string }>(
      `SELECT session_key FROM (SELECT session_key, label, entry, ROW_NUMBER() OVER (ORDER BY ${order}, session_key) AS place ` +
        `FROM (SELECT * FROM sessions WHERE ${where}${filter.sql} ORDER BY ${order}, session_key LIMIT ?) AS newest) AS candidates ` +
        `WHERE LOWER(session_key) LIKE ? ESCAPE '!' OR LOWER(COALESCE(label, '')) LIKE ? ESCAPE '!' OR LOWER(entry) LIKE ? ESCAPE '!' ` +
        "ORDER BY place LIMIT ? OFFSET ?",
      ...filter.params,
      MAX_SESSIONS_SEARCHED,
      pattern,
      pattern,
      likePattern(`"displayname":"`, filter.search),
      limit,
      offset,
    );
    return rows.map((row) => row.session_key);
  }
  const rows = await tx.all<{ session_key: string }>(
    `SELECT session_key FROM sessions WHERE ${where}${filter.sql} ORDER BY ${order}, session_key LIMIT ? OFFSET ?`,
    ...filter.params,
    limit,
    offset,
  );
  return rows.map((row) => row.session_key);
}

function likePattern(...parts: string[]): string {
  return `%${parts.map((part) => part.replace(/[!%_]/g, "!$&")).join("%")}%`;
}

async function countUpTo(tx: Transaction, where: string, filter: Filter): Promise<number> {
  if (filter.search !== undefined) {
    return (await pageOfKeys(tx, where, "updated_at DESC", filter, MAX_SESSIONS_COUNTED, 0)).length;
  }
  const row = await tx.get<{ total: number }>(
    `SELECT COUNT(*) AS total FROM (SELECT 1 FROM sessions WHERE ${where}${filter.sql} LIMIT ?) AS counted`,
    ...filter.params,
    MAX_SESSIONS_COUNTED,
  );
  return row?.total ?? 0;
}

async function finishPage(
  tx: Transaction,
  keys: string[],
  limit: number,
  totalCount: number,
): Promise<ListSessionsOutput> {
  const hasMore = keys.length > limit;
  const sessions: SessionRecord[] = [];
  for (const key of keys.slice(0, limit)) {
    const session = await readSession(tx, key);
    if (session) sessions.push(session);
  }
  return { sessions, hasMore, totalCount };
}
