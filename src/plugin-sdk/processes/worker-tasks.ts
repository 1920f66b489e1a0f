import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { resolveRuntimeWorkerArgv } from "./worker-location.ts";

/** Tasks that wait for a worker; one more is refused. */
export const MAX_QUEUED_TASKS = 1_024;

export class WorkerTaskError extends Error {
  override readonly name = "WorkerTaskError";
  readonly code: "failed" | "timeout" | "crashed" | "closed" | "overloaded";

  constructor(code: WorkerTaskError["code"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

interface Task {
  input: unknown;
  timeoutMs?: number;
  signal?: AbortSignal;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Answer = { ok: true; value: unknown } | { ok: false; message: string; name: string };

/** Runs tasks in worker threads, one at a time in each; a worker that crashed or hangs is replaced. */
export class WorkerTaskPool<Input = unknown, Output = unknown> {
  readonly #workerUrl: URL;
  readonly #maxWorkers: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #queue: Task[] = [];
  #closed = false;

  constructor(options: { workerUrl: URL; maxWorkers?: number }) {
    this.#workerUrl = options.workerUrl;
    this.#maxWorkers = Math.max(1, options.maxWorkers ?? 1);
  }

  /** @throws WorkerTaskError when the task fails; the signal's reason when it is given up */
  run(input: Input, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<Output> {
    if (this.#closed) return Promise.reject(new WorkerTaskError("closed", "the workers are closed"));
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    if (this.#queue.length >= MAX_QUEUED_TASKS) {
      return Promise.reject(
        new WorkerTaskError("overloaded", `${MAX_QUEUED_TASKS} tasks are waiting already`),
      );
    }
    return new Promise<Output>((resolve, reject) => {
      this.#queue.push({ input, ...options, resolve: resolve as Task["resolve"], reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#queue.splice(0))
      task.reject(new WorkerTaskError("closed", "the workers are closed"));
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #next(): void {
    const worker =
      this.#idle.pop() ??
      (this.#all.size < this.#maxWorkers && this.#queue.length > 0 ? this.#start() : undefined);
    if (!worker) return;
    const task = this.#queue.shift();
    if (!task || this.#closed) {
      this.#idle.push(worker);
      return;
    }
    if (task.signal?.aborted) {
      this.#idle.push(worker);
      task.reject(task.signal.reason);
      this.#next();
      return;
    }
    this.#work(worker, task);
  }

  #start(): Worker {
    const worker = new Worker(this.#workerUrl, {
      execArgv: resolveRuntimeWorkerArgv(this.#workerUrl).slice(0, -1),
    });
    // An idle worker does not keep the process alive.
    worker.unref();
    worker.on("error", () => {});
    worker.on("exit", () => {
      this.#all.delete(worker);
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    this.#all.add(worker);
    return worker;
  }

  #work(worker: Worker, task: Task): void {
    let timer: NodeJS.Timeout | undefined;
    const settle = (finish: () => void, reusable: boolean) => {
      clearTimeout(timer);
      task.signal?.removeEventListener("abort", onAbort);
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      worker.unref();
      if (reusable) this.#idle.push(worker);
      else {
        this.#all.delete(worker);
        void worker.terminate();
      }
      finish();
      this.#next();
    };
    const fail = (error: unknown) => settle(() => task.reject(error), false);
    const onMessage = (answer: Answer) =>
      settle(() => {
        if (answer.ok) return task.resolve(answer.value);
        const cause = Object.assign(new Error(answer.message), { name: answer.name });
        task.reject(new WorkerTaskError("failed", answer.message, cause));
      }, true);
    const onError = (error: unknown) => fail(new WorkerTaskError("crashed", "the worker failed", error));
    const onExit = (code: number) =>
      fail(new WorkerTaskError("crashed", `the worker ended with code ${code}`));
    const onAbort = () => fail(task.signal?.reason);
    worker.ref();
    worker.once("message", onMessage);
    worker.once("error", onError);
    worker.once("exit", onExit);
    task.signal?.addEventListener("abort", onAbort, { once: true });
    if (task.timeoutMs) {
      const late = () => fail(new WorkerTaskError("timeout", `the task took more than ${task.timeoutMs} ms`));
      timer = setTimeout(late, task.timeoutMs);
    }
    worker.postMessage(task.input);
  }
}

/** The other side, called in the worker file: answers one task after the other. In the main thread it does nothing. */
export function serveWorkerTasks<Input, Output>(handle: (input: Input) => Output | Promise<Output>): void {
  if (isMainThread) return;
  const port = parentPort;
  port?.on("message", async (input: Input) => {
    try {
      port.postMessage({ ok: true, value: await handle(input) } satisfies Answer);
    } catch (error) {
      const { message, name } = error instanceof Error ? error : new Error(String(error));
      port.postMessage({ ok: false, message, name } satisfies Answer);
    }
  });
}
