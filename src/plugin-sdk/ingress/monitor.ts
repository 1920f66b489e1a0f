import type { IngressQueue, IngressRecord } from "../../contracts/channel-runtime.ts";
import { formatErrorMessage } from "../errors/errors.ts";
import { createDeferred, type Deferred } from "../values/async.ts";
import type { IngressLifecycle } from "./lifecycle.ts";

export interface IngressFacts {
  eventId: string;
  laneKey: string;
}

export type InspectionContext =
  | { phase: "admission" }
  | { phase: "claim"; claimedId: string; claimedLaneKey: string | undefined };

export type DeliveryOutcome =
  | { kind: "completed" }
  | { kind: "deferred" }
  | { kind: "failed-retryable"; error: unknown };

export type ClaimErrorKind = "invalid-version" | "identity-mismatch";

/** Between the raw event and the row: `encode` and `decode` unless the body is the text itself. */
export interface PayloadCodec<Raw, Body, Stored> {
  version: number;
  storage?: "raw-event" | "custom";
  serialize(raw: Raw, context: { facts: IngressFacts; receivedAt: number }): Body;
  deserialize(body: Body, context: { claim: IngressRecord<Stored> }): Raw;
  encode?(envelope: { version: number; body: Body }): Stored;
  decode?(payload: Stored, context: { claim: IngressRecord<Stored> }): { version: unknown; body: Body };
  createClaimError(kind: ClaimErrorKind, claim: IngressRecord<Stored>): Error;
}

export interface RetryPolicy {
  maxAttempts?: number;
  baseMs?: number;
  maxMs?: number;
}

export interface IngressMonitorOptions<Raw, Body, Stored> {
  queue: IngressQueue<Stored> | (() => IngressQueue<Stored>);
  inspect(raw: Raw, context: InspectionContext): IngressFacts | null;
  inspectAsync?(raw: Raw, context: InspectionContext): Promise<IngressFacts | null>;
  payload: PayloadCodec<Raw, Body, Stored>;
  /** `undefined` counts as completed unless the lifecycle reported a deferral. */
  deliver(raw: Raw, lifecycle: IngressLifecycle, claim: IngressRecord<Stored>): unknown;
  pollIntervalMs: number;
  retention?:
    | "standard"
    | {
        pruneIntervalMs?: number;
        completedTtlMs?: number;
        completedMaxEntries?: number;
        failedTtlMs?: number;
        failedMaxEntries?: number;
        pendingTtlMs?: number;
        pendingMaxEntries?: number;
      };
  appendRetryDelaysMs?: readonly number[];
  onDurableAdmission?(
    raw: Raw,
    context: { facts: IngressFacts; receivedAt: number; isNew: boolean },
  ): unknown;
  onAdmissionFailure?(raw: Raw, error: unknown): unknown;
  waitForDeliveryIdleOnStop?: boolean;
  drain?: {
    resolveNonRetryableFailure?(error: unknown): { reason: string; message: string } | null;
    retryPolicy?: RetryPolicy;
    /** How many events are worked on at once. */
    startLimit?: number;
    scanLimit?: number;
    adoptionStallTimeoutMs?: number;
    onLog?(message: string): void;
    formatError?(error: unknown): string;
    [extra: string]: unknown;
  };
  abortSignal?: AbortSignal;
  now?(): number;
  onError?(error: unknown): void;
  onActivityChange?(active: boolean): void;
  createStoppedError?(): Error;
  admissionMode?: "until-stopped" | "while-running" | "durable-after-stop";
  [extra: string]: unknown;
}

export const DEFAULT_INGRESS_RETRY_MAX_ATTEMPTS = 8;
export const DEFAULT_INGRESS_ADOPTION_STALL_MS = 10 * 60_000;
const APPEND_RETRY_DELAYS_MS = [0, 100, 300];
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 5 * 60_000;
const DEFAULT_START_LIMIT = 16;
const PRUNE_INTERVAL_MS = 60 * 60_000;
/** A deferred event keeps its claim alive this often; claims that nobody refreshes are free after five minutes. */
const CLAIM_REFRESH_MS = 60_000;
const STOP_WAIT_MS = 5_000;

export type Admission =
  | { kind: "ignored"; queueResult?: undefined }
  | { kind: "durable"; queueResult: Awaited<ReturnType<IngressQueue["enqueue"]>> };

/** One event that is being worked on. */
interface Active<Stored> {
  claim: IngressRecord<Stored>;
  lane: string;
  settled: boolean;
  deferred: boolean;
  done: Deferred<void>;
}

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
  readonly #active = new Map<string, Active<Stored>>();
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
    const facts = given.facts ?? (await this.#inspect(raw, { phase: "admission" }));
    if (!facts) return { kind: "ignored" };
    const receivedAt = given.receivedAt ?? this.#now();
    try {
      const payload = this.#encode(raw, { facts, receivedAt });
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
    for (const active of this.#active.values()) await this.#release(active, new Error("stopped"), false);
  }

  async waitForIdle(): Promise<void> {
    await this.#pump;
    await Promise.all([...this.#active.values()].map(({ done }) => done.promise));
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
    while (this.#running && this.#active.size < limit) {
      const lanes = [...this.#active.values()].map(({ lane }) => lane);
      const claim = await queue.claimNext({ blockedLaneKeys: lanes });
      if (!claim) break;
      this.#begin(claim);
    }
    await this.#prune(queue);
  }

  #begin(claim: IngressRecord<Stored>): void {
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
    this.requestDrain();
  }

  async #work(active: Active<Stored>): Promise<void> {
    const { claim } = active;
    const keepAlive = setInterval(() => void this.#open().refreshClaim(claim.id), CLAIM_REFRESH_MS);
    keepAlive.unref();
    void active.done.promise.then(() => clearInterval(keepAlive));
    try {
      const raw = await this.#decode(claim);
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
      abortSignal: this.#abort.signal,
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
    await this.#open().complete(active.claim.id);
  }

  async #release(active: Active<Stored>, error: unknown, recordAttempt = true): Promise<void> {
    if (active.settled) return;
    active.settled = true;
    const queue = this.#open();
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
    const availableAt = this.#now() + (recordAttempt ? delay : 0);
    await queue.release(active.claim.id, { lastError, recordAttempt, availableAt });
  }

  async #inspect(raw: Raw, context: InspectionContext): Promise<IngressFacts | null> {
    return this.#options.inspectAsync
      ? await this.#options.inspectAsync(raw, context)
      : this.#options.inspect(raw, context);
  }

  #encode(raw: Raw, context: { facts: IngressFacts; receivedAt: number }): Stored {
    const { payload } = this.#options;
    const envelope = { version: payload.version, body: payload.serialize(raw, context) };
    return payload.encode ? payload.encode(envelope) : (envelope as unknown as Stored);
  }

  /** The raw event of a row, which must still be the event that was accepted. */
  async #decode(claim: IngressRecord<Stored>): Promise<Raw> {
    const { payload } = this.#options;
    const envelope = payload.decode
      ? payload.decode(claim.payload, { claim })
      : (claim.payload as unknown as { version: unknown; body: Body });
    if (envelope.version !== payload.version) throw payload.createClaimError("invalid-version", claim);
    const raw = payload.deserialize(envelope.body, { claim });
    const facts = await this.#inspect(raw, {
      phase: "claim",
      claimedId: claim.id,
      claimedLaneKey: claim.laneKey,
    });
    const same =
      facts?.eventId === claim.id && (claim.laneKey === undefined || facts.laneKey === claim.laneKey);
    if (!same) throw payload.createClaimError("identity-mismatch", claim);
    return raw;
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
