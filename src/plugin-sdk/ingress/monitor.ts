import type { IngressQueue } from "../../contracts/channel-runtime.ts";
import { ClaimedEvents } from "./claimed-events.ts";
import { EventCodec } from "./event-codec.ts";
import type { IngressFacts, IngressMonitorOptions } from "./monitor-options.ts";

const APPEND_RETRY_DELAYS_MS = [0, 100, 300];
const DEFAULT_START_LIMIT = 16;
const PRUNE_INTERVAL_MS = 60 * 60_000;
const STOP_WAIT_MS = 5_000;

export type Admission =
  | { kind: "ignored"; queueResult?: undefined }
  | { kind: "durable"; queueResult: Awaited<ReturnType<IngressQueue["enqueue"]>> };

/**
 * Takes raw platform events durably and hands them to `deliver`, one at a time per lane (spec 1.18.12).
 * An event is accepted when its row is written. It is completed when its turn is adopted, released with a
 * growing delay when it fails, and a dead letter after the last attempt.
 */
export function createChannelIngressMonitor<Raw, Body, Stored>(
  options: IngressMonitorOptions<Raw, Body, Stored>,
) {
  return new IngressMonitor(options).face();
}

class IngressMonitor<Raw, Body, Stored> {
  readonly #options: IngressMonitorOptions<Raw, Body, Stored>;
  readonly #codec: EventCodec<Raw, Body, Stored>;
  readonly #claimed: ClaimedEvents<Raw, Body, Stored>;
  readonly #abort = new AbortController();
  readonly #now: () => number;
  #queue: IngressQueue<Stored> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;
  #recovered = false;
  #again = false;
  #prunedAt = 0;
  #pump: Promise<void> | undefined;

  constructor(options: IngressMonitorOptions<Raw, Body, Stored>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#codec = new EventCodec(options);
    this.#claimed = new ClaimedEvents(options, this.#codec, {
      queue: () => this.#open(),
      now: this.#now,
      signal: this.#abort.signal,
      onFree: () => this.requestDrain(),
    });
    options.abortSignal?.addEventListener("abort", () => void this.stop(), { once: true });
  }

  /** Bound functions: plugins take them off the object. */
  face() {
    return {
      admit: this.admit.bind(this),
      admitBatch: async (events: readonly Raw[], given: { receivedAt?: number } = {}) => {
        const results: Admission[] = [];
        for (const event of events) results.push(await this.admit(event, given));
        return results;
      },
      start: this.start.bind(this),
      ensureQueueAvailable: () => void this.#open(),
      requestDrain: this.requestDrain.bind(this),
      pause: this.pause.bind(this),
      stop: this.stop.bind(this),
      waitForIdle: this.waitForIdle.bind(this),
      waitForDeferredClaims: this.waitForIdle.bind(this),
      waitForPumpIdle: async () => {
        await this.#pump;
      },
      isRunning: () => this.#running,
      isStopped: () => this.#stopped,
    };
  }

  async admit(raw: Raw, given: { receivedAt?: number; facts?: IngressFacts } = {}): Promise<Admission> {
    const mode = this.#options.admissionMode ?? "until-stopped";
    const closed = this.#stopped ? mode !== "durable-after-stop" : mode === "while-running" && !this.#running;
    if (closed) throw this.#stoppedError();
    const facts = given.facts ?? (await this.#codec.inspect(raw, { phase: "admission" }));
    if (!facts) return { kind: "ignored" };
    const receivedAt = given.receivedAt ?? this.#now();
    try {
      const payload = this.#codec.encode(raw, { facts, receivedAt });
      const queueResult = await this.#append(facts, payload, receivedAt);
      await this.#options.onDurableAdmission?.(raw, { facts, receivedAt, isNew: !queueResult.duplicate });
      this.requestDrain();
      return { kind: "durable", queueResult };
    } catch (error) {
      await this.#options.onAdmissionFailure?.(raw, error);
      throw error;
    }
  }

  start(): void {
    if (this.#stopped) throw this.#stoppedError();
    if (this.#running) return;
    this.#running = true;
    this.#timer = setInterval(() => this.requestDrain(), Math.max(50, this.#options.pollIntervalMs));
    this.#timer.unref();
    this.requestDrain();
  }

  /** No further event is begun; those in work go on. */
  async pause(): Promise<void> {
    this.#running = false;
    clearInterval(this.#timer);
    await this.#pump;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#abort.abort(this.#stoppedError());
    await this.pause();
    const idle = this.waitForIdle();
    if (this.#options.waitForDeliveryIdleOnStop === false) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([idle, new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_WAIT_MS)))]);
    clearTimeout(timer);
    // What did not end in time is free for the next process.
    await this.#claimed.releaseAll();
  }

  async waitForIdle(): Promise<void> {
    await this.#pump;
    await this.#claimed.idle();
  }

  requestDrain(): void {
    if (!this.#running) return;
    if (this.#pump) {
      this.#again = true;
      return;
    }
    this.#pump = this.#drain()
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => {
        this.#pump = undefined;
        if (this.#again) {
          this.#again = false;
          this.requestDrain();
        }
      });
  }

  async #drain(): Promise<void> {
    const queue = this.#open();
    if (!this.#recovered) {
      this.#recovered = true;
      // Claims of an earlier process; this one has none yet.
      await queue.recoverStaleClaims({ staleMs: 0 });
    }
    const limit = this.#options.drain?.startLimit ?? DEFAULT_START_LIMIT;
    while (this.#running && this.#claimed.size < limit) {
      const claim = await queue.claimNext({ blockedLaneKeys: this.#claimed.lanes() });
      if (!claim) break;
      this.#claimed.begin(claim);
    }
    await this.#prune(queue);
  }

  async #append(facts: IngressFacts, payload: Stored, receivedAt: number) {
    const delays = this.#options.appendRetryDelaysMs ?? APPEND_RETRY_DELAYS_MS;
    let failure: unknown;
    for (const delay of delays) {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      try {
        return await this.#open().enqueue(facts.eventId, payload, { laneKey: facts.laneKey, receivedAt });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #prune(queue: IngressQueue<Stored>): Promise<void> {
    const { retention } = this.#options;
    const rules = retention === "standard" || retention === undefined ? {} : retention;
    const at = this.#now();
    if (at - this.#prunedAt < (rules.pruneIntervalMs ?? PRUNE_INTERVAL_MS)) return;
    this.#prunedAt = at;
    await queue.prune({
      now: at,
      ...(rules.completedTtlMs === undefined ? {} : { completedTtlMs: rules.completedTtlMs }),
      ...(rules.failedTtlMs === undefined ? {} : { failedTtlMs: rules.failedTtlMs }),
      ...(rules.completedMaxEntries === undefined ? {} : { completedMax: rules.completedMaxEntries }),
      ...(rules.failedMaxEntries === undefined ? {} : { failedMax: rules.failedMaxEntries }),
    });
  }

  #open(): IngressQueue<Stored> {
    const { queue } = this.#options;
    this.#queue ??= typeof queue === "function" ? queue() : queue;
    return this.#queue;
  }

  #stoppedError(): Error {
    return this.#options.createStoppedError?.() ?? new Error("the ingress monitor is stopped");
  }
}
