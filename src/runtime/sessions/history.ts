import { SluiceError } from "../../kernel/errors.ts";
import type { Store } from "../../store/index.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { DEFAULT_MAX_CHARS, type DisplayMessage, displayMessage } from "./display.ts";

export const DEFAULT_HISTORY_LIMIT = 200;
export const MAX_HISTORY_LIMIT = 1_000;
/** JSON of one history page. */
export const MAX_HISTORY_BYTES = 6_291_456;
/** A delta with more entries or bytes than this is answered with `reset`. */
export const MAX_DELTA_ENTRIES = 200;
export const MAX_DELTA_BYTES = 1_048_576;

/** One page of a conversation, oldest message first. */
export interface HistoryPage {
  session: SessionRecord;
  messages: DisplayMessage[];
  hasMore: boolean;
  offset: number;
  nextOffset?: number;
  totalMessages: number;
  deltaCursor: string;
}

export type HistoryDelta =
  | { kind: "delta"; session: SessionRecord; messages: DisplayMessage[]; deltaCursor: string }
  | { kind: "reset" };

interface Cursor {
  version: 1;
  sessionId: string;
  /** The session's lifecycle revision: a reset makes the cursor old. */
  generation: string;
  lastSeq: number;
}

/** Reads a page counted back from the newest entry. `undefined` when there is no such session. */
export async function readHistory(
  store: Store,
  input: { sessionKey: string; limit?: number; offset?: number; maxChars?: number; aroundMessageId?: string },
): Promise<HistoryPage | undefined> {
  const limit = Math.min(input.limit ?? DEFAULT_HISTORY_LIMIT, MAX_HISTORY_LIMIT);
  const offset = await offsetOf(store, input, limit);
  const page = await store.call.transcripts.page({ sessionKey: input.sessionKey, limit, offset });
  if (!page) return undefined;
  const shown: DisplayMessage[] = [];
  let bytes = 0;
  let taken = 0;
  for (const entry of page.entries.toReversed()) {
    const message = displayMessage(entry, input.maxChars ?? DEFAULT_MAX_CHARS);
    const size = message ? JSON.stringify(message).length : 0;
    if (bytes + size > MAX_HISTORY_BYTES && taken > 0) break;
    bytes += size;
    taken += 1;
    if (message) shown.unshift(message);
  }
  const hasMore = page.hasMore || taken < page.entries.length;
  return {
    session: page.session,
    messages: shown,
    hasMore,
    offset,
    ...(hasMore ? { nextOffset: offset + taken } : {}),
    totalMessages: page.session.messageCount,
    deltaCursor: encodeCursor(page.session, page.lastSeq),
  };
}

/** What came after a cursor, or `reset` when the client must read the page again (spec 5.6). */
export async function readDelta(
  store: Store,
  input: { sessionKey: string; cursor: string; maxChars?: number },
): Promise<HistoryDelta> {
  const cursor = decodeCursor(input.cursor);
  if (!cursor) return { kind: "reset" };
  const page = await store.call.transcripts.after({
    sessionKey: input.sessionKey,
    afterSeq: cursor.lastSeq,
    limit: MAX_DELTA_ENTRIES,
  });
  const same =
    page?.session.sessionId === cursor.sessionId && page.session.lifecycleRevision === cursor.generation;
  if (!page || !same || page.hasMore || page.lastSeq < cursor.lastSeq) return { kind: "reset" };
  const messages = page.entries
    .map((entry) => displayMessage(entry, input.maxChars ?? DEFAULT_MAX_CHARS))
    .filter((message) => message !== undefined);
  if (JSON.stringify(messages).length > MAX_DELTA_BYTES) return { kind: "reset" };
  return {
    kind: "delta",
    session: page.session,
    messages,
    deltaCursor: encodeCursor(page.session, page.lastSeq),
  };
}

async function offsetOf(
  store: Store,
  input: { sessionKey: string; offset?: number; aroundMessageId?: string },
  limit: number,
): Promise<number> {
  if (input.aroundMessageId === undefined) return input.offset ?? 0;
  const entry = await store.call.transcripts.entry({ entryId: input.aroundMessageId });
  const newest = await store.call.transcripts.page({ sessionKey: input.sessionKey, limit: 1 });
  if (!entry || !newest || entry.sessionId !== newest.session.sessionId) {
    throw new SluiceError("INVALID_REQUEST", `no message ${input.aroundMessageId} in this session`);
  }
  return Math.max(0, newest.lastSeq - entry.seq - Math.floor(limit / 2));
}

function encodeCursor(session: SessionRecord, lastSeq: number): string {
  const cursor: Cursor = {
    version: 1,
    sessionId: session.sessionId,
    generation: session.lifecycleRevision,
    lastSeq,
  };
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** A cursor came from outside: anything that does not read as one of ours counts as none. */
function decodeCursor(text: string): Cursor | undefined {
  try {
    const value = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Partial<Cursor> | null;
    const valid =
      value?.version === 1 &&
      typeof value.sessionId === "string" &&
      typeof value.generation === "string" &&
      Number.isSafeInteger(value.lastSeq) &&
      (value.lastSeq as number) >= 0;
    return valid ? (value as Cursor) : undefined;
  } catch {
    return undefined;
  }
}
