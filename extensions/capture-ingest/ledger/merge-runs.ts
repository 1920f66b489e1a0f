import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { KEY_BYTES } from "../contract/dedupe-key.ts";
import { KeyFilter } from "./key-filter.ts";
import { dealIntoPages, pageId } from "./key-pages.ts";
import {
  insertRun,
  parentsOf,
  RUN_BUILDING,
  RUN_DROPPING,
  RUN_LIVE,
  type RunRow,
  runsIn,
  writePages,
} from "./key-runs.ts";

/** Runs of one level that are merged into one of the next. */
const RUNS_PER_MERGE = 4;
/** Four times as many pages at each next level. */
const BITS_PER_LEVEL = 2;
/** Source pages a step reads from each run. */
const PAGES_PER_STEP = 32;

/** Makes one larger run of four, in bounded steps; the four answer until it is done. */
export class RunMerge {
  /** The filter of the run being built lives in memory alone: after a restart the merge begins anew. */
  #building: { run: number; filter: KeyFilter } | undefined;

  /** Begins to build where a level has enough runs. */
  async start(tx: Transaction): Promise<boolean> {
    const level = await tx.get<{ level: number }>(
      "SELECT level FROM key_runs WHERE state = ? GROUP BY level HAVING count(*) >= ? ORDER BY level LIMIT 1",
      RUN_LIVE,
      RUNS_PER_MERGE,
    );
    if (!level) return false;
    const parents = await runsIn(tx, RUN_LIVE, RUNS_PER_MERGE, level.level);
    await insertRun(tx, {
      level: level.level + 1,
      bits: (parents[0] as RunRow).bits + BITS_PER_LEVEL,
      keys: parents.reduce((sum, parent) => sum + parent.keys, 0),
      state: RUN_BUILDING,
      through_seq: Math.max(...parents.map((parent) => parent.through_seq)),
      newest_at: Math.max(...parents.map((parent) => parent.newest_at)),
      parents: JSON.stringify(parents.map((parent) => parent.id)),
      filter: null,
    });
    return true;
  }

  /** Merges the next pages of the run being built. False when none is being built or it is complete. */
  async step(tx: Transaction): Promise<boolean> {
    const run = (await runsIn(tx, RUN_BUILDING, 1))[0];
    if (!run) return false;
    const sourceBits = run.bits - BITS_PER_LEVEL;
    let progress = run.progress;
    if (this.#building?.run !== run.id) {
      this.#building = { run: run.id, filter: KeyFilter.sized(run.keys) };
      progress = 0;
    }
    if (progress >= 2 ** sourceBits) return false;
    const count = Math.min(PAGES_PER_STEP, 2 ** sourceBits - progress);
    const sources: Uint8Array[] = [];
    for (const parent of parentsOf(run)) {
      const pages = await tx.all<{ keys: Uint8Array }>(
        "SELECT keys FROM key_pages WHERE id >= ? AND id < ?",
        pageId(parent, progress),
        pageId(parent, progress + count),
      );
      for (const page of pages) sources.push(page.keys);
    }
    const { filter } = this.#building;
    for (const part of sources) for (let at = 0; at < part.length; at += KEY_BYTES) filter.add(part, at);
    const spread = 2 ** BITS_PER_LEVEL;
    await writePages(
      tx,
      run.id,
      progress * spread,
      dealIntoPages(sources, run.bits, progress * spread, count * spread),
    );
    await tx.run("UPDATE key_runs SET progress = ? WHERE id = ?", progress + count, run.id);
    return true;
  }

  /** Puts a complete run in the place of its parents. False when there is none. */
  async finish(tx: Transaction): Promise<boolean> {
    const run = (await runsIn(tx, RUN_BUILDING, 1))[0];
    if (!run || this.#building?.run !== run.id) return false;
    await tx.run(
      "UPDATE key_runs SET state = ?, filter = ? WHERE id = ?",
      RUN_LIVE,
      this.#building.filter.bytes,
      run.id,
    );
    for (const parent of parentsOf(run))
      await tx.run(
        "UPDATE key_runs SET state = ?, progress = 0, filter = NULL WHERE id = ?",
        RUN_DROPPING,
        parent,
      );
    return true;
  }
}
