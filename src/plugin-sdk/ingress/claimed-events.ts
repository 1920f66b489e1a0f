import type { IngressQueue, IngressRecord } from "../../contracts/channel-runtime.ts";
import { formatErrorMessage } from "../errors/errors.ts";
import { createDeferred, type Deferred } from "../values/async.ts";
import type { EventCodec } from "./event-codec.ts";
import type { IngressLifecycle } from "./lifecycle.ts";
import type { DeliveryOutcome, IngressMonitorOptions } from "./monitor-options.ts";

export const DEFAULT_INGRESS_RETRY_MAX_ATTEMPTS = 8;
export const DEFAULT_INGRESS_ADOPTION_STALL_MS = 10 * 60_000;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 5 * 60_000;
/** A deferred event keeps its claim alive this often; claims that nobody refreshes are free after five minutes. */
const CLAIM_REFRESH_MS = 60_000;

/** One event that is being worked on. */
interface Active<Stored> {
  claim: IngressRecord<Stored>;
  lane: string;
  settled: boolean;
  deferred: boolean;
  done: Deferred<void>;
}

export interface ClaimedEventParts<Stored> {
  queue(): IngressQueue<Stored>;
  now(): number;
  /** Of the whole monitor. */
  signal: AbortSignal;
  /** An event has left; there may be room for another. */
  onFree(): void;
}

/** The events in work: each is delivered, and then completed, released for another attempt or given up. */
export class ClaimedEvents<Raw, Body, Stored> {
  readonly #options: IngressMonitorOptions<Raw, Body, Stored>;
  readonly #codec: EventCodec<Raw, Body, Stored>;
  readonly #parts: ClaimedEventParts<Stored>;
  readonly #active = new Map<string, Active<Stored>>();

  constructor(
    options: IngressMonitorOptions<Raw, Body, Stored>,
    codec: EventCodec<Raw, Body, Stored>,
    parts: ClaimedEventParts<Stored>,
  ) {
    this.#options = options;
    this.#codec = codec;
    this.#parts = parts;
  }

  get size(): number {
    return this.#active.size;
  }

  /** Lanes in work; nothing else of theirs may begin. */
  lanes(): string[] {
    return [...this.#active.values()].map(({ lane }) => lane);
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#active.values()].map(({ done }) => done.promise));
  }

  /** Leaves what is in work to the next process. */
  async releaseAll(): Promise<void> {
    for (const active of this.#active.values()) await this.#release(active, new Error("stopped"), false);
  }

  begin(claim: IngressRecord<Stored>): void {
    const active: Active<Stored> = {
      claim,
      lane: claim.laneKey ?? claim.id,
      settled: false,
      deferred: false,
      done: createDeferred<void>(),
    };
    this.#active.set(claim.id, active);
    if (this.#active.size === 1) this.#options.onActivityChange?.(true);
    void this.#work(active)
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => {
        if (!active.deferred || active.settled) this.#finish(active);
      });
  }

  #finish(active: Active<Stored>): void {
    if (!this.#active.delete(active.claim.id)) return;
    active.done.resolve();
    if (this.#active.size === 0) this.#options.onActivityChange?.(false);
    this.#parts.onFree();
  }

  async #work(active: Active<Stored>): Promise<void> {
    const { claim } = active;
    const keepAlive = setInterval(() => void this.#parts.queue().refreshClaim(claim.id), CLAIM_REFRESH_MS);
    keepAlive.unref();
    void active.done.promise.then(() => clearInterval(keepAlive));
    try {
      const raw = await this.#codec.decode(claim);
      const outcome = (await this.#options.deliver(raw, this.#lifecycle(active), claim)) as
        | DeliveryOutcome
        | undefined;
      if (outcome?.kind === "failed-retryable") await this.#release(active, outcome.error);
      else if (outcome?.kind === "deferred") active.deferred = true;
      else if (outcome?.kind === "completed" || !active.deferred) await this.#complete(active);
      if (active.deferred && !active.settled) this.#watchDeferred(active);
    } catch (error) {
      await this.#release(active, error);
    }
  }

  #lifecycle(active: Active<Stored>): IngressLifecycle {
    return {
      admission: "exclusive",
      abortSignal: this.#parts.signal,
      onAdopted: () => this.#complete(active).then(() => this.#finishDeferred(active)),
      onDeferred: () => {
        active.deferred = true;
      },
      onAdoptionFinalizing: () => {},
      onFailed: (error) => this.#release(active, error).then(() => this.#finishDeferred(active)),
      onCancelled: () => this.#complete(active).then(() => this.#finishDeferred(active)),
      onAbandoned: (error) =>
        this.#release(active, error ?? new Error("abandoned"), false).then(() =>
          this.#finishDeferred(active),
        ),
    };
  }

  #finishDeferred(active: Active<Stored>): void {
    if (active.deferred) this.#finish(active);
  }

  /** A deferred event that nobody adopts is released in the end. */
  #watchDeferred(active: Active<Stored>): void {
    const stall = this.#options.drain?.adoptionStallTimeoutMs ?? DEFAULT_INGRESS_ADOPTION_STALL_MS;
    const timer = setTimeout(() => {
      void this.#release(active, new Error("nothing adopted the deferred event")).then(() =>
        this.#finish(active),
      );
    }, stall);
    timer.unref();
    void active.done.promise.then(() => clearTimeout(timer));
  }

  async #complete(active: Active<Stored>): Promise<void> {
    if (active.settled) return;
    active.settled = true;
    await this.#parts.queue().complete(active.claim.id);
  }

  async #release(active: Active<Stored>, error: unknown, recordAttempt = true): Promise<void> {
    if (active.settled) return;
    active.settled = true;
    const queue = this.#parts.queue();
    const drain = this.#options.drain;
    const lastError = drain?.formatError?.(error) ?? formatErrorMessage(error);
    const attempts = active.claim.attempts + 1;
    const final = drain?.resolveNonRetryableFailure?.(error) ?? null;
    if (final) {
      drain?.onLog?.(`ingress event ${active.claim.id} is invalid: ${final.message}`);
      await queue.fail(active.claim.id, final);
      return;
    }
    const policy = drain?.retryPolicy ?? {};
    if (recordAttempt && attempts >= (policy.maxAttempts ?? DEFAULT_INGRESS_RETRY_MAX_ATTEMPTS)) {
      drain?.onLog?.(`ingress event ${active.claim.id} failed ${attempts} times: ${lastError}`);
      await queue.fail(active.claim.id, { reason: "retry-limit", message: lastError });
      return;
    }
    const delay = Math.min(
      policy.maxMs ?? RETRY_MAX_MS,
      (policy.baseMs ?? RETRY_BASE_MS) * 2 ** (attempts - 1),
    );
    const availableAt = this.#parts.now() + (recordAttempt ? delay : 0);
    await queue.release(active.claim.id, { lastError, recordAttempt, availableAt });
  }
}
