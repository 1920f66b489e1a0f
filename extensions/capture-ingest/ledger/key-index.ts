import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { KEY_BYTES } from "../contract/dedupe-key.ts";
import { KeyFilter } from "./key-filter.ts";
import { dealIntoPages, holdsKey, pageId, pageOf } from "./key-pages.ts";
import { KeyTable } from "./key-table.ts";

export const RUN_BUILDING = 0;
export const RUN_LIVE = 1;
export const RUN_DROPPING = 2;

/** Keys that wait in batch rows before a run is made of them. */
export const KEYS_PER_RUN = 65_536;
/** Runs of one level that are merged into one of the next. */
export const RUNS_PER_MERGE = 4;
/** 2^10 pages of 64 keys at level 0, four times as many at each next level. */
const BITS_AT_LEVEL_0 = 10;
const BITS_PER_LEVEL = 2;
/** Source pages a step of a merge reads from each run. */
const PAGES_PER_STEP = 32;
/** Rows a step removes from runs that were merged away. */
const ROWS_PER_DROP = 2_048;

interface Run {
  readonly id: number;
  readonly bits: number;
  readonly throughSeq: number;
  readonly filter: KeyFilter;
}

const RUN_COLUMNS = "id, level, bits, keys, progress, through_seq, newest_at, parents";

interface RunRow {
  id: number;
  level: number;
  bits: number;
  keys: number;
  progress: number;
  through_seq: number;
  newest_at: number;
  parents: string;
}

export type KeyHolder = { seq: number; pending: boolean } | "settled" | undefined;

/**
 * The exact set of known dedupe keys, laid out for appending: new keys are written with their batch, and from
 * time to time the keys of settled batches become an immutable run of pages, runs four of them one larger run.
 * Memory holds an eight-byte slot for each key that is in no run yet and a two-byte filter for every other.
 *
 * Memory is only ever a superset of what is committed, and a hit is always confirmed by reading, so a
 * transaction that is undone needs no undoing here. Runs come into use through {@link adopt}, once the
 * transaction that made them is known to be durable.
 */
export class KeyIndex {
  #runs: Run[] = [];
  #recent = new KeyTable();
  #throughSeq = 0;
  #building: { run: number; filter: KeyFilter } | undefined;
  #loaded = false;

  /** Keys in no run yet. */
  get recentKeys(): number {
    return this.#recent.size;
  }

  get runs(): number {
    return this.#runs.length;
  }

  /** Makes memory agree with what is committed. Call it first, and after a step that made or merged runs. */
  async adopt(tx: Transaction): Promise<void> {
    const rows = await tx.all<{ id: number; bits: number; through_seq: number }>(
      "SELECT id, bits, through_seq FROM key_runs WHERE state = ? ORDER BY id",
      RUN_LIVE,
    );
    const runs: Run[] = [];
    for (const { id, bits, through_seq: throughSeq } of rows) {
      const known = this.#runs.find((run) => run.id === id && run.throughSeq === throughSeq);
      runs.push(known ?? { id, bits, throughSeq, filter: await this.#filter(tx, id) });
    }
    const sealed = await tx.get<{ value: Uint8Array }>(
      "SELECT value FROM settings WHERE name = 'sealed_through'",
    );
    const throughSeq = sealed ? Number(Buffer.from(sealed.value).toString()) : 0;
    if (!this.#loaded || throughSeq !== this.#throughSeq) {
      const recent = new KeyTable();
      const batches = await tx.all<{ seq: number; keys: Uint8Array }>(
        "SELECT seq, keys FROM batches WHERE seq > ? AND keyed > 0 ORDER BY seq",
        throughSeq,
      );
      for (const { seq, keys } of batches)
        for (let at = 0; at < keys.length; at += KEY_BYTES) if (!isZero(keys, at)) recent.add(keys, at, seq);
      this.#recent = recent;
      this.#throughSeq = throughSeq;
    }
    this.#runs = runs;
    this.#loaded = true;
  }

  async ensureLoaded(tx: Transaction): Promise<void> {
    if (!this.#loaded) await this.adopt(tx);
  }

  /** Remembers that batch `seq` holds the key; called before its transaction commits. */
  add(keys: Uint8Array, offset: number, seq: number): void {
    this.#recent.add(keys, offset, seq);
  }

  /**
   * Who holds a key. `readBatch` gives the packed keys and the state of a batch, or `undefined` when there is
   * no such batch.
   */
  async find(
    tx: Transaction,
    keys: Uint8Array,
    offset: number,
    readBatch: (seq: number) => Promise<{ keys: Uint8Array; pending: boolean } | undefined>,
  ): Promise<KeyHolder> {
    const candidates = this.#recent.candidates(keys, offset);
    if (candidates) {
      for (const seq of candidates) {
        const batch = await readBatch(seq);
        if (batch && holdsKey(batch.keys, keys, offset)) return { seq, pending: batch.pending };
      }
    }
    for (let at = this.#runs.length - 1; at >= 0; at--) {
      const run = this.#runs[at] as Run;
      if (!run.filter.mayHold(keys, offset)) continue;
      const page = await tx.get<{ keys: Uint8Array }>(
        "SELECT keys FROM key_pages WHERE id = ?",
        pageId(run.id, pageOf(keys, offset, run.bits)),
      );
      if (page && holdsKey(page.keys, keys, offset)) return "settled";
    }
    return undefined;
  }

  /** Forgets the runs whose newest key is older than `before`. True when there were any; adopt then. */
  async expire(tx: Transaction, before: number): Promise<boolean> {
    const { changes } = await tx.run(
      "UPDATE key_runs SET state = ?, progress = 0, filter = NULL WHERE state = ? AND newest_at < ?",
      RUN_DROPPING,
      RUN_LIVE,
      before,
    );
    return changes > 0;
  }

  /**
   * One bounded step of upkeep: makes a run of settled batches, goes on merging, or removes merged rows.
   * Answers what to do next; `adopt` when runs changed and memory has to follow.
   */
  async upkeep(tx: Transaction, keysPerRun = KEYS_PER_RUN): Promise<"adopt" | "more" | "idle"> {
    if (await this.#mergeStep(tx)) return "more";
    if (await this.#finishedMerge(tx)) return "adopt";
    if (this.#recent.size >= keysPerRun && (await this.#seal(tx, keysPerRun))) return "adopt";
    if (await this.#startMerge(tx)) return "more";
    return (await this.#drop(tx)) ? "more" : "idle";
  }

  async #seal(tx: Transaction, keysPerRun: number): Promise<boolean> {
    const pending = await tx.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM pending_bytes");
    const batches = await tx.all<{ seq: number; keyed: number; keys: Uint8Array; received_at: number }>(
      "SELECT seq, keyed, keys, received_at FROM batches WHERE seq > ? AND seq < ? AND keyed > 0 ORDER BY seq LIMIT ?",
      this.#throughSeq,
      pending?.seq ?? Number.MAX_SAFE_INTEGER,
      keysPerRun,
    );
    const packed: Uint8Array[] = [];
    let keys = 0;
    let newestAt = 0;
    let throughSeq = 0;
    for (const batch of batches) {
      packed.push(batch.keyed * KEY_BYTES === batch.keys.length ? batch.keys : withoutZeros(batch.keys));
      keys += batch.keyed;
      newestAt = Math.max(newestAt, batch.received_at);
      throughSeq = batch.seq;
      if (keys >= keysPerRun) break;
    }
    // A batch stuck in the middle keeps everything after it in memory; do not make runs of crumbs.
    if (keys * 2 < keysPerRun) return false;
    const filter = KeyFilter.sized(keys);
    for (const part of packed) for (let at = 0; at < part.length; at += KEY_BYTES) filter.add(part, at);
    const id = await this.#insertRun(tx, {
      level: 0,
      bits: BITS_AT_LEVEL_0,
      keys,
      state: RUN_LIVE,
      through_seq: throughSeq,
      newest_at: newestAt,
      parents: "[]",
      filter: filter.bytes,
    });
    await this.#writePages(tx, id, 0, dealIntoPages(packed, BITS_AT_LEVEL_0, 0, 2 ** BITS_AT_LEVEL_0));
    await tx.run(
      "INSERT INTO settings (name, value) VALUES ('sealed_through', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      Buffer.from(String(throughSeq)),
    );
    return true;
  }

  async #startMerge(tx: Transaction): Promise<boolean> {
    const level = await tx.get<{ level: number }>(
      "SELECT level FROM key_runs WHERE state = ? GROUP BY level HAVING count(*) >= ? ORDER BY level LIMIT 1",
      RUN_LIVE,
      RUNS_PER_MERGE,
    );
    if (!level) return false;
    const parents = await tx.all<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM key_runs WHERE state = ? AND level = ? ORDER BY id LIMIT ?`,
      RUN_LIVE,
      level.level,
      RUNS_PER_MERGE,
    );
    await this.#insertRun(tx, {
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
  async #mergeStep(tx: Transaction): Promise<boolean> {
    const run = await this.#buildingRun(tx);
    if (!run) return false;
    const sourceBits = run.bits - BITS_PER_LEVEL;
    let progress = run.progress;
    if (this.#building?.run !== run.id) {
      // The filter of a merge lives in memory: after a restart the merge begins anew.
      this.#building = { run: run.id, filter: KeyFilter.sized(run.keys) };
      progress = 0;
    }
    if (progress >= 2 ** sourceBits) return false;
    const count = Math.min(PAGES_PER_STEP, 2 ** sourceBits - progress);
    const sources: Uint8Array[] = [];
    for (const parent of JSON.parse(run.parents) as number[]) {
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
    await this.#writePages(
      tx,
      run.id,
      progress * spread,
      dealIntoPages(sources, run.bits, progress * spread, count * spread),
    );
    await tx.run("UPDATE key_runs SET progress = ? WHERE id = ?", progress + count, run.id);
    return true;
  }

  async #finishedMerge(tx: Transaction): Promise<boolean> {
    const run = await this.#buildingRun(tx);
    if (!run || this.#building?.run !== run.id) return false;
    await tx.run(
      "UPDATE key_runs SET state = ?, filter = ? WHERE id = ?",
      RUN_LIVE,
      this.#building.filter.bytes,
      run.id,
    );
    for (const parent of JSON.parse(run.parents) as number[])
      await tx.run(
        "UPDATE key_runs SET state = ?, progress = 0, filter = NULL WHERE id = ?",
        RUN_DROPPING,
        parent,
      );
    return true;
  }

  async #drop(tx: Transaction): Promise<boolean> {
    const run = await tx.get<RunRow>(
      `SELECT ${RUN_COLUMNS} FROM key_runs WHERE state = ? ORDER BY id LIMIT 1`,
      RUN_DROPPING,
    );
    if (!run) return false;
    if (this.#runs.some((live) => live.id === run.id)) return false;
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

  #buildingRun(tx: Transaction): Promise<RunRow | undefined> {
    return tx.get<RunRow>(`SELECT ${RUN_COLUMNS} FROM key_runs WHERE state = ? LIMIT 1`, RUN_BUILDING);
  }

  async #insertRun(
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

  async #writePages(
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

  async #filter(tx: Transaction, id: number): Promise<KeyFilter> {
    const row = await tx.get<{ filter: Uint8Array }>("SELECT filter FROM key_runs WHERE id = ?", id);
    // A copy, so that the driver's buffer is not kept alive by a view.
    return new KeyFilter(new Uint8Array((row as { filter: Uint8Array }).filter));
  }
}

/** Events without a reference leave an empty slot among their batch's keys. */
export function isZero(keys: Uint8Array, offset: number): boolean {
  for (let at = offset; at < offset + KEY_BYTES; at++) if (keys[at] !== 0) return false;
  return true;
}

function withoutZeros(keys: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  for (let at = 0; at < keys.length; at += KEY_BYTES)
    if (!isZero(keys, at)) kept.push(keys.subarray(at, at + KEY_BYTES));
  return Buffer.concat(kept);
}
