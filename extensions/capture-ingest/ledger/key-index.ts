import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { KEY_BYTES } from "../contract/dedupe-key.ts";
import type { KeyFilter } from "./key-filter.ts";
import { pageId, pageOf } from "./key-pages.ts";
import { dropRows, RUN_DROPPING, RUN_LIVE, readFilter } from "./key-runs.ts";
import { KeyTable } from "./key-table.ts";
import { RunMerge } from "./merge-runs.ts";
import { holdsKey, isEmptySlot } from "./packed-keys.ts";
import { sealRun } from "./seal-run.ts";

/** Keys that wait in batch rows before a run is made of them. */
export const KEYS_PER_RUN = 65_536;

/** A run that answers. */
interface Run {
  readonly id: number;
  readonly bits: number;
  readonly throughSeq: number;
  readonly filter: KeyFilter;
}

/** The batch that has a key, or that it is in a batch which is written to its file; `undefined`: it is new. */
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
  readonly #merge = new RunMerge();
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
      runs.push(known ?? { id, bits, throughSeq, filter: await readFilter(tx, id) });
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
        for (let at = 0; at < keys.length; at += KEY_BYTES)
          if (!isEmptySlot(keys, at)) recent.add(keys, at, seq);
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
    if (await this.#merge.step(tx)) return "more";
    if (await this.#merge.finish(tx)) return "adopt";
    if (this.#recent.size >= keysPerRun && (await sealRun(tx, this.#throughSeq, keysPerRun))) return "adopt";
    if (await this.#merge.start(tx)) return "more";
    const isUsed = (id: number) => this.#runs.some((run) => run.id === id);
    return (await dropRows(tx, isUsed)) ? "more" : "idle";
  }
}
