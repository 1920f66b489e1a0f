export { sleepWithAbort } from "../../kernel/retry.ts";
export { buildTimeoutAbortSignal, type TimeoutSignal } from "../../runtime/egress/index.ts";

/** Waiting, time limits and order. */

export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T | PromiseLike<T>): void;
  reject(reason?: unknown): void;
}

export function createDeferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  let reject!: Deferred<T>["reject"];
  const promise = new Promise<T>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

export function waitForAbortSignal(signal?: AbortSignal): Promise<void> {
  if (!signal || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Rejects with `<label> timed out after <ms>ms`; a limit of 0 or less means none. */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number, label = "operation"): Promise<T> {
  if (!(timeoutMs > 0)) return work;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${label} timed out after ${timeoutMs}ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Work under one key runs one after another; a failure does not stop what follows. */
export class KeyedAsyncQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** How many keys have work waiting or running. */
  get size(): number {
    return this.#tails.size;
  }

  /** The last promise of every busy key, for tests. */
  getTailMapForTesting(): Map<string, Promise<unknown>> {
    return this.#tails;
  }

  enqueue<T>(key: string, task: () => Promise<T> | T): Promise<T> {
    return enqueueKeyedTask({ tails: this.#tails, key, task });
  }
}

export function enqueueKeyedTask<T>(params: {
  tails: Map<string, Promise<unknown>>;
  key: string;
  task: () => Promise<T> | T;
  hooks?: { onEnqueue?(): void; onSettle?(): void };
}): Promise<T> {
  const { tails, key, task, hooks } = params;
  hooks?.onEnqueue?.();
  const previous = tails.get(key) ?? Promise.resolve();
  const current = previous.catch(() => {}).then(task);
  const tail = current
    .catch(() => {})
    .finally(() => {
      hooks?.onSettle?.();
      if (tails.get(key) === tail) tails.delete(key);
    });
  tails.set(key, tail);
  return current;
}

/** One caller at a time. */
export function createAsyncLock(): <T>(task: () => Promise<T> | T) => Promise<T> {
  const queue = new KeyedAsyncQueue();
  return (task) => queue.enqueue("lock", task);
}

export interface TasksOutcome<T> {
  results: T[];
  firstError: unknown;
  hasError: boolean;
}

/** Runs at most `limit` tasks at once. `errorMode: "stop"` starts no more after the first failure. */
export async function runTasksWithConcurrency<T>(params: {
  tasks: ReadonlyArray<() => Promise<T>>;
  limit: number;
  errorMode?: "continue" | "stop";
  onTaskError?(error: unknown, index: number): void;
}): Promise<TasksOutcome<T>> {
  const results: T[] = new Array<T>(params.tasks.length);
  let next = 0;
  let firstError: unknown;
  let hasError = false;
  const work = async () => {
    while (next < params.tasks.length && !(hasError && params.errorMode === "stop")) {
      const index = next++;
      try {
        results[index] = await (params.tasks[index] as () => Promise<T>)();
      } catch (error) {
        if (!hasError) firstError = error;
        hasError = true;
        params.onTaskError?.(error, index);
      }
    }
  };
  const workers = Math.max(1, Math.min(Math.floor(params.limit) || 1, params.tasks.length));
  await Promise.all(Array.from({ length: workers }, work));
  return { results, firstError, hasError };
}
