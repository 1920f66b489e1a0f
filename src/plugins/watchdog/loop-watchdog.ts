import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { PluginRoot } from "./culprit.ts";
import { BEAT_MS, type FromWatcher, type Hold, type ToWatcher, type WatchSeed } from "./hold.ts";

export interface LoopWatchdogOptions {
  readonly clock: Clock;
  /** `dist/workers/loop-watch.cjs`. */
  readonly workerFile: string;
  readonly stateDir: string;
  readonly logFile: string;
  /** Called when the loop runs again. */
  onHeld(hold: Hold, heldMs: number): void;
  /** The watching thread ended; everything else goes on. */
  onFailure(error: unknown): void;
}

function recordFile(stateDir: string): string {
  return join(stateDir, "plugins", "event-loop-held.json");
}

/** Who held the loop of the gateway that ran before, when it had to be killed. Forgets it. */
export async function takeLastHold(stateDir: string): Promise<Hold | undefined> {
  const file = recordFile(stateDir);
  try {
    const { pluginId, place, since } = JSON.parse(await readFile(file, "utf8")) as Partial<Hold>;
    await rm(file, { force: true });
    if (typeof pluginId !== "string" || typeof place !== "string" || typeof since !== "number")
      return undefined;
    return { pluginId, place, since };
  } catch {
    return undefined;
  }
}

/**
 * Names the plugin that holds the event loop, while it does: a thread of its own notices the silence, looks
 * where the main thread is, and writes a log line and a record that survives the process.
 */
export class LoopWatchdog implements Disposable {
  readonly #worker: Worker;
  readonly #beating: Disposable;
  #closed = false;

  constructor(options: LoopWatchdogOptions, roots: readonly PluginRoot[]) {
    const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const seed: WatchSeed = {
      beats: beats.buffer as SharedArrayBuffer,
      recordFile: recordFile(options.stateDir),
      logFile: options.logFile,
      roots,
    };
    this.#worker = new Worker(options.workerFile, {
      workerData: seed,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    this.#worker.unref();
    this.#worker.on("message", ({ hold, heldMs }: FromWatcher) => options.onHeld(hold, heldMs));
    this.#worker.on("error", (error) => {
      if (!this.#closed) options.onFailure(error);
    });
    this.#beating = options.clock.every(BEAT_MS, () => void Atomics.add(beats, 0, 1));
  }

  /** Plugins found since. */
  follow(roots: readonly PluginRoot[]): void {
    this.#worker.postMessage({ roots } satisfies ToWatcher);
  }

  async dispose(): Promise<void> {
    this.#closed = true;
    await this.#beating.dispose();
    await this.#worker.terminate();
  }
}
