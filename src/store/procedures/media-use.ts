import type { Transaction } from "../engine/types.ts";

/** Open rows one call reads. */
export const MEDIA_USE_PAGE = 500;

/** How files of the media store begin their names (spec 1.19): 36 characters that occur nowhere else. */
const FILE_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=---)/g;

/** The ledgers whose open rows may name a file, each with its order and the columns that may. */
const LEDGERS = {
  turns: { open: "status IN ('queued', 'running')", texts: "request" },
  inbox: { open: "kind = 'message' AND status IN ('pending', 'claimed')", texts: "payload" },
  outbox: {
    open: "status IN ('queued', 'sending')",
    texts: "chunks || COALESCE(content, '') || COALESCE(media, '')",
  },
} as const;

/** Which received files somebody still waits for. */
export const mediaUseProcedures = {
  /** Ids of the files that one page of a ledger's open rows names. */
  async named(
    tx: Transaction,
    input: { ledger: keyof typeof LEDGERS; afterOrdinal: number },
  ): Promise<{ ids: string[]; lastOrdinal: number; more: boolean }> {
    const { open, texts } = LEDGERS[input.ledger];
    const rows = await tx.all<{ ordinal: number; text: string }>(
      `SELECT ordinal, ${texts} AS text FROM ${input.ledger} WHERE ${open} AND ordinal > ? ORDER BY ordinal LIMIT ?`,
      input.afterOrdinal,
      MEDIA_USE_PAGE,
    );
    const ids = new Set(rows.flatMap(({ text }) => text.match(FILE_ID) ?? []));
    return {
      ids: [...ids],
      lastOrdinal: rows.at(-1)?.ordinal ?? input.afterOrdinal,
      more: rows.length === MEDIA_USE_PAGE,
    };
  },
};
