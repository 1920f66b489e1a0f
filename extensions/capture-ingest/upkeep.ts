import { type Clock, type Disposable, errorMessage } from "sluice/plugin-sdk/foundation";
import type { Database } from "sluice/plugin-sdk/store";
import { KEYS_PER_RUN } from "./ledger/key-index.ts";
import type { LedgerProcedures } from "./ledger/procedures.ts";
import type { SourceRecord } from "./ledger/records.ts";
import type { CaptureLog } from "./service.ts";
import type { Vaults } from "./vault/vaults.ts";

const PERIOD_MS = 60_000;
const DAY_MS = 86_400_000;
/** Batches a source must have sent before its silence means anything. */
const LEAST_BATCHES = 5;
/** Rest between two steps, so that requests are never behind more than one. */
const STEP_REST_MS = 4;

export interface UpkeepParts {
  ledger: Database<LedgerProcedures>;
  vaults: Vaults;
  clock: Clock;
  log: CaptureLog;
  stall: { enabled: boolean; leastMs: number; factor: number };
  dedupeRetentionDays: number;
  onStalled(source: SourceRecord): void;
  keysPerRun?: number;
}

/** The work nobody waits for: key runs, expiry, retried recovery, the stall alarm. Bounded steps, one at a time. */
export class Upkeep implements Disposable {
  readonly #parts: UpkeepParts;
  readonly #timer: Disposable;
  readonly #keysPerRun: number;
  #storedSince = 0;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#keysPerRun = parts.keysPerRun ?? KEYS_PER_RUN;
    this.#timer = parts.clock.every(PERIOD_MS, () => this.#start(() => this.#periodic()));
  }

  /** Counts new entries; enough of them start the next run of keys. */
  noteStored(entries: number): void {
    this.#storedSince += entries;
    if (this.#storedSince < this.#keysPerRun) return;
    this.#storedSince = 0;
    this.#start(() => this.#arrangeKeys());
  }

  async dispose(): Promise<void> {
    this.#stopped = true;
    await this.#timer.dispose();
    await this.#running;
  }

  #start(work: () => Promise<void>): void {
    if (this.#stopped) return;
    this.#running ??= work()
      .catch((error) => this.#parts.log.warn(`capture upkeep failed, it tries again: ${errorMessage(error)}`))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #arrangeKeys(): Promise<void> {
    const { keys } = this.#parts.ledger.call;
    while (!this.#stopped) {
      const next = await keys.upkeep({ keysPerRun: this.#keysPerRun });
      if (next === "idle") return;
      if (next === "adopt") await keys.adopt({} as never);
      await this.#rest();
    }
  }

  async #periodic(): Promise<void> {
    const { ledger, vaults, clock, dedupeRetentionDays, stall, onStalled, log } = this.#parts;
    const now = clock.now();
    await vaults
      .repairAll()
      .catch((error) => log.error(`capture cannot write its vault: ${errorMessage(error)}`));
    while (!this.#stopped && (await ledger.call.upkeep.trim({ now }))) await this.#rest();
    if (dedupeRetentionDays > 0) {
      const before = now - dedupeRetentionDays * DAY_MS;
      if (await ledger.call.keys.expire({ before })) await ledger.call.keys.adopt({} as never);
    }
    await this.#arrangeKeys();
    await ledger.maintain();
    if (!stall.enabled) return;
    const { leastMs, factor } = stall;
    for (const source of await ledger.call.sources.findStalled({
      now,
      leastMs,
      factor,
      leastBatches: LEAST_BATCHES,
    })) {
      const hours = Math.round((now - source.last_seen) / 3_600_000);
      log.warn(`capture source ${source.plugin_id} (${source.source_type}) has been silent for ${hours} h`, {
        tenant: source.tenant,
        device: source.device_id.slice(0, 8),
      });
      onStalled(source);
    }
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, STEP_REST_MS).unref());
  }
}
