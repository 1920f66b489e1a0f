import type { Migration, Transaction } from "sluice/plugin-sdk/store-worker";

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: "search",
    sql: `
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  path TEXT NOT NULL,
  folder TEXT NOT NULL,
  day TEXT NOT NULL,
  size INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  head TEXT NOT NULL,
  UNIQUE (tenant, path)
);
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL,
  block TEXT NOT NULL,
  at TEXT NOT NULL,
  source_type TEXT NOT NULL
);
CREATE INDEX entries_by_file ON entries (file_id);
CREATE VIRTUAL TABLE texts USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 2');
`,
  },
];

export interface IndexedFile {
  id: number;
  size: number;
  modified: number;
  /** Bytes from the start that are indexed. */
  indexed: number;
  /** Digest of those bytes; another one means that the user edited them. */
  head: string;
}

export interface EntryToIndex {
  block: string;
  at: string;
  sourceType: string;
  title: string;
  body: string;
}

export interface IndexInput {
  tenant: string;
  path: string;
  folder: string;
  day: string;
  size: number;
  modified: number;
  indexed: number;
  head: string;
  /** Drop what was indexed of this file before. */
  replace: boolean;
  entries: EntryToIndex[];
}

export interface SearchInput {
  tenant: string;
  /** An FTS5 expression made by `ftsQuery`. */
  match: string;
  folders: string[] | null;
  from: string | null;
  to: string | null;
  limit: number;
}

export interface SearchHit {
  path: string;
  folder: string;
  day: string;
  block: string;
  at: string;
  source_type: string;
  title: string;
  snippet: string;
  score: number;
}

export function searchProcedures() {
  return {
    index: {
      async file(
        tx: Transaction,
        { tenant, path }: { tenant: string; path: string },
      ): Promise<IndexedFile | null> {
        const row = await tx.get<IndexedFile>(
          "SELECT id, size, modified, indexed, head FROM files WHERE tenant = ? AND path = ?",
          tenant,
          path,
        );
        return row ?? null;
      },

      async files(
        tx: Transaction,
        { tenant }: { tenant: string },
      ): Promise<{ path: string; size: number; modified: number }[]> {
        return tx.all("SELECT path, size, modified FROM files WHERE tenant = ?", tenant);
      },

      async put(tx: Transaction, input: IndexInput): Promise<void> {
        const row = await tx.get<{ id: number }>(
          `INSERT INTO files (tenant, path, folder, day, size, modified, indexed, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (tenant, path) DO UPDATE SET size = excluded.size, modified = excluded.modified,
             indexed = excluded.indexed, head = excluded.head RETURNING id`,
          input.tenant,
          input.path,
          input.folder,
          input.day,
          input.size,
          input.modified,
          input.indexed,
          input.head,
        );
        const fileId = (row as { id: number }).id;
        if (input.replace) await forget(tx, fileId);
        for (const entry of input.entries) {
          const made = await tx.get<{ id: number }>(
            "INSERT INTO entries (file_id, block, at, source_type) VALUES (?, ?, ?, ?) RETURNING id",
            fileId,
            entry.block,
            entry.at,
            entry.sourceType,
          );
          await tx.run(
            "INSERT INTO texts (rowid, title, body) VALUES (?, ?, ?)",
            (made as { id: number }).id,
            entry.title,
            entry.body,
          );
        }
      },

      async remove(tx: Transaction, { tenant, path }: { tenant: string; path: string }): Promise<void> {
        const row = await tx.get<{ id: number }>(
          "SELECT id FROM files WHERE tenant = ? AND path = ?",
          tenant,
          path,
        );
        if (!row) return;
        await forget(tx, row.id);
        await tx.run("DELETE FROM files WHERE id = ?", row.id);
      },
    },

    query: {
      async search(tx: Transaction, input: SearchInput): Promise<SearchHit[]> {
        const folders = input.folders === null ? null : JSON.stringify(input.folders);
        return tx.all<SearchHit>(
          `SELECT files.path AS path, files.folder AS folder, files.day AS day, entries.block AS block, entries.at AS at,
             entries.source_type AS source_type, texts.title AS title,
             snippet(texts, 1, '', '', ' … ', 32) AS snippet, -bm25(texts, 2.0, 1.0) AS score
           FROM texts JOIN entries ON entries.id = texts.rowid JOIN files ON files.id = entries.file_id
           WHERE texts MATCH ? AND files.tenant = ? AND (? IS NULL OR files.day >= ?) AND (? IS NULL OR files.day <= ?)
             AND (? IS NULL OR files.folder IN (SELECT value FROM json_each(?)))
           ORDER BY bm25(texts, 2.0, 1.0), entries.id DESC LIMIT ?`,
          input.match,
          input.tenant,
          input.from,
          input.from,
          input.to,
          input.to,
          folders,
          folders,
          input.limit,
        );
      },
    },
  };
}

export type SearchProcedures = ReturnType<typeof searchProcedures>;

async function forget(tx: Transaction, fileId: number): Promise<void> {
  await tx.run("DELETE FROM texts WHERE rowid IN (SELECT id FROM entries WHERE file_id = ?)", fileId);
  await tx.run("DELETE FROM entries WHERE file_id = ?", fileId);
}
