import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { KeyFilter } from "./key-filter.ts";
import { pageId } from "./key-pages.ts";

/** The states of a run: its pages are being written, it answers, or its rows are being removed. */
export const RUN_BUILDING = 0;
export const RUN_LIVE = 1;
export const RUN_DROPPING = 2;

/** Rows a step removes from runs that were merged away. */
const ROWS_PER_DROP = 2_048;

const RUN_COLUMNS = "id, level, bits, keys, progress, through_seq, newest_at, parents";

/** An immutable set of keys; `2 ** bits` pages of them. */
export interface RunRow {
  id: number;
  level: number;
  bits: number;
  keys: number;
  /** How far building or dropping has come: a page of the sources, or of the run itself. */
  progress: number;
  /** The last batch whose keys it has. */
  through_seq: number;
  newest_at: number;
  /** Ids of the runs it is merged from, as JSON. */
  parents: string;
}

/** Ids of the runs that a run is merged from. */
export function parentsOf(run: RunRow): readonly number[] {
  return JSON.parse(run.parents) as number[];
}

/** The oldest runs in a state, of one level or of all. */
export function runsIn(tx: Transaction, state: number, limit: number, level?: number): Promise<RunRow[]> {
  return level === undefined
    ? tx.all<RunRow>(`SELECT ${RUN_COLUMNS} FROM key_runs WHERE state = ? ORDER BY id LIMIT ?`, state, limit)
    : tx.all<RunRow>(
        `SELECT ${RUN_COLUMNS} FROM key_runs WHERE state = ? AND level = ? ORDER BY id LIMIT ?`,
        state,
        level,
        limit,
      );
}

/** Adds a run without pages; returns its id. */
export async function insertRun(
  tx: Transaction,
  run: Omit<RunRow, "id" | "progress"> & { state: number; filter: Uint8Array | null },
): Promise<number> {
  const row = await tx.get<{ id: number }>(
    `INSERT INTO key_runs (id, level, bits, keys, state, progress, through_seq, newest_at, parents, filter)
     VALUES ((SELECT coalesce(max(id), 0) + 1 FROM key_runs), ?, ?, ?, ?, 0, ?, ?, ?, ?) RETURNING id`,
    run.level,
    run.bits,
    run.keys,
    run.state,
    run.through_seq,
    run.newest_at,
    run.parents,
    run.filter,
  );
  return (row as { id: number }).id;
}

/** Writes the pages that hold something, the first of them as page `first` of the run. */
export async function writePages(
  tx: Transaction,
  run: number,
  first: number,
  pages: readonly Uint8Array[],
): Promise<void> {
  for (const [index, page] of pages.entries())
    if (page.length > 0)
      await tx.run(
        "INSERT INTO key_pages (id, keys) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET keys = excluded.keys",
        pageId(run, first + index),
        page,
      );
}

export async function readFilter(tx: Transaction, id: number): Promise<KeyFilter> {
  const row = await tx.get<{ filter: Uint8Array }>("SELECT filter FROM key_runs WHERE id = ?", id);
  // A copy, so that the driver's buffer is not kept alive by a view.
  return new KeyFilter(new Uint8Array((row as { filter: Uint8Array }).filter));
}

/** Removes some rows of a run that was merged away, once memory does not use it. False when there are none. */
export async function dropRows(tx: Transaction, isUsed: (run: number) => boolean): Promise<boolean> {
  const run = (await runsIn(tx, RUN_DROPPING, 1))[0];
  if (!run || isUsed(run.id)) return false;
  const end = run.progress + ROWS_PER_DROP;
  await tx.run(
    "DELETE FROM key_pages WHERE id >= ? AND id < ?",
    pageId(run.id, run.progress),
    pageId(run.id, end),
  );
  if (end >= 2 ** run.bits) await tx.run("DELETE FROM key_runs WHERE id = ?", run.id);
  else await tx.run("UPDATE key_runs SET progress = ? WHERE id = ?", end, run.id);
  return true;
}
