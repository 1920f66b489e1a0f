import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { errorMessage, SluiceError, toError } from "../../kernel/errors.ts";
import { callTable } from "./call-table.ts";
import type {
  Database,
  DatabaseOptions,
  DatabaseStats,
  ProcedureClient,
  ProcedureTable,
  StoreErrorCode,
  SyncProcedureClient,
} from "./types.ts";
import {
  decodeError,
  type FromWorker,
  forEachAnswer,
  forEachCall,
  isFlat,
  type ToWorker,
  type WireAnswer,
  type WireCall,
  type WorkerSeed,
  type WorkerStats,
} from "./wire.ts";

export const DEFAULT_MAX_QUEUED = 10_000;
export const DEFAULT_LOCK_WAIT_MS = 5_000;
/** How long a blocking call waits for the worker before it gives up on the answer. */
export const SYNC_CALL_LIMIT_MS = 15_000;

interface Pending {
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

/**
 * Opens a database served by a worker thread and resolves once it is migrated and ready. Costs the
 * calling thread next to nothing: start it early, await it late.
 *
 * @throws SluiceError with a {@link StoreErrorCode}; the message says what to do
 * @example
 * const vault = await openDatabase<typeof vaultProcedures>({ file, workerFile });
 * await vault.call.events.append({ events });
 */
export function openDatabase<Table extends ProcedureTable>(
  options: DatabaseOptions,
): Promise<Database<Table>> {
  return new Promise((resolve, reject) => {
    const client = new WorkerDatabase<Table>(options, { resolve: () => resolve(client), reject });
  });
}

class WorkerDatabase<Table extends ProcedureTable> implements Database<Table> {
  readonly call: ProcedureClient<Table>;
  readonly callSync: SyncProcedureClient<Table>;
  readonly #worker: Worker;
  readonly #file: string;
  readonly #maxQueued: number;
  readonly #onFailure: ((error: Error) => void) | undefined;
  readonly #onRefusal: ((error: SluiceError) => void) | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #opening: { resolve(): void; reject(error: unknown): void } | undefined;
  #nextId = 1;
  /** Calls of this turn, in their flat form. */
  #batch: unknown[] = [];
  #syncLine: { port: MessagePort; signal: Int32Array } | undefined;
  /** Why no further call is taken. */
  #ended: SluiceError | undefined;
  #closing: Promise<void> | undefined;
  #closeError: SluiceError | undefined;

  constructor(options: DatabaseOptions, opening: { resolve(): void; reject(error: unknown): void }) {
    this.#file = options.file;
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED;
    this.#onFailure = options.onFailure;
    this.#onRefusal = options.onRefusal;
    this.#opening = opening;
    this.call = callTable((procedure, input) => this.#call(procedure, input));
    this.callSync = callTable((procedure, input) => this.#callSync(procedure, input));
    this.#worker = new Worker(options.workerFile, {
      workerData: {
        file: options.file,
        lockWaitMs: options.lockWaitMs ?? DEFAULT_LOCK_WAIT_MS,
      } satisfies WorkerSeed,
      execArgv: [],
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#fail(toError(error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#fail(new Error(`the store worker stopped with code ${code}`));
        resolve();
      });
    });
  }

  backup(targetFile: string): Promise<{ bytes: number }> {
    return this.#errand((id) => ({ kind: "backup", id, targetFile }));
  }

  maintain(): Promise<boolean> {
    return this.#errand((id) => ({ kind: "maintain", id }));
  }

  async stats(): Promise<DatabaseStats> {
    const queued = this.#pending.size;
    return { ...(await this.#errand<WorkerStats>((id) => ({ kind: "stats", id }))), queued };
  }

  dispose(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#ended) {
      this.#flush();
      this.#ended = new SluiceError<StoreErrorCode>("STORE_CLOSED", "the store is closed");
      this.#post({ kind: "close" });
    }
    await this.#exited;
    this.#syncLine?.port.close();
    if (this.#closeError) throw this.#closeError;
  }

  #call(procedure: string, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal) {
        reject(refusal);
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      // Everything called in one turn of the loop, promises included, crosses in one message.
      if (this.#batch.length === 0) process.nextTick(this.#flushLater);
      this.#batch.push(id, procedure, input);
    });
  }

  #callSync(procedure: string, input: unknown): unknown {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    this.#flush();
    const line = this.#openSyncLine();
    const before = Atomics.load(line.signal, 0);
    const id = this.#nextId++;
    this.#post({ kind: "sync-call", call: [id, procedure, input] });
    if (Atomics.wait(line.signal, 0, before, SYNC_CALL_LIMIT_MS) === "timed-out") {
      throw new SluiceError<StoreErrorCode>(
        "STORE_BUSY",
        `the store did not answer ${procedure} within ${SYNC_CALL_LIMIT_MS} ms; whether it took effect is unknown`,
        { details: { limitMs: SYNC_CALL_LIMIT_MS } },
      );
    }
    return this.#readSync(line.port, id);
  }

  /** Answers of calls that were given up on may come first. */
  #readSync(port: MessagePort, id: number): unknown {
    for (let received = receiveMessageOnPort(port); received; received = receiveMessageOnPort(port)) {
      const answer = received.message as WireAnswer;
      if (answer[0] !== id) continue;
      if (answer[1]) return answer[2];
      throw decodeError(answer[2]);
    }
    throw new SluiceError<StoreErrorCode>("STORE_FAILED", "the answer of a blocking call was lost");
  }

  #openSyncLine(): { port: MessagePort; signal: Int32Array } {
    if (this.#syncLine) return this.#syncLine;
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    const signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#worker.postMessage({ kind: "sync-port", port: port2, signal } satisfies ToWorker, [port2]);
    this.#syncLine = { port: port1, signal };
    return this.#syncLine;
  }

  #errand<Output>(message: (id: number) => ToWorker): Promise<Output> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal) {
        reject(refusal);
        return;
      }
      this.#flush();
      const id = this.#nextId++;
      this.#pending.set(id, { resolve: resolve as (output: unknown) => void, reject });
      this.#post(message(id));
    });
  }

  #refusal(): SluiceError | undefined {
    if (this.#ended) return this.#ended;
    if (this.#pending.size < this.#maxQueued) return undefined;
    return new SluiceError<StoreErrorCode>(
      "STORE_BUSY",
      `${this.#maxQueued} calls are waiting for the store`,
      {
        retryable: true,
        details: { maxQueued: this.#maxQueued },
      },
    );
  }

  readonly #flushLater = () => this.#flush();

  #flush(): void {
    const calls = this.#batch;
    if (calls.length === 0) return;
    this.#batch = [];
    try {
      this.#post(calls);
    } catch {
      // One input can not be cloned: find it, so that only its caller is told.
      forEachCall(calls, (call) => this.#postOne(call));
    }
  }

  #postOne(call: WireCall): void {
    try {
      this.#post(call);
    } catch (error) {
      const message = `the input of ${call[1]} can not be passed to the store: ${errorMessage(error)}`;
      this.#settle([call[0], false, { code: "STORE_FAILED", message, retryable: false }]);
    }
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if (isFlat(message)) {
      forEachAnswer(message, this.#settleOne);
      return;
    }
    switch (message.kind) {
      case "ready":
        this.#opening?.resolve();
        this.#opening = undefined;
        break;
      case "refused":
        this.#ended = decodeError(message.error);
        this.#opening?.reject(this.#ended);
        this.#opening = undefined;
        break;
      case "closed":
        if (message.error) this.#closeError = decodeError(message.error);
        break;
    }
  }

  readonly #settleOne = (answer: WireAnswer) => this.#settle(answer);

  #settle(answer: WireAnswer): void {
    const pending = this.#pending.get(answer[0]);
    if (!pending) return;
    this.#pending.delete(answer[0]);
    if (answer[1]) {
      pending.resolve(answer[2]);
      return;
    }
    const error = decodeError(answer[2]);
    if (this.#onRefusal && isOfTheFile(error)) this.#onRefusal(error);
    pending.reject(error);
  }

  /** The worker is gone. After a regular close nothing is pending and nobody needs to know. */
  #fail(cause: Error): void {
    const expected = this.#ended !== undefined;
    this.#ended ??= this.#opening
      ? new SluiceError<StoreErrorCode>(
          "STORE_OPEN_FAILED",
          `the store worker did not start: ${cause.message}. Is the program built ("npm run build")?`,
          { cause, details: { file: this.#file } },
        )
      : new SluiceError<StoreErrorCode>("STORE_FAILED", `the store worker failed: ${cause.message}`, {
          cause,
        });
    const error = this.#ended;
    const wasOpen = this.#opening === undefined;
    this.#opening?.reject(error);
    this.#opening = undefined;
    this.#batch = [];
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    if (!expected && wasOpen) this.#onFailure?.(error);
  }
}

/** Not the call is at fault but what it is written to. */
function isOfTheFile({ code, retryable }: SluiceError): boolean {
  if (code === "STORE_FULL" || code === "STORE_READ_ONLY" || code === "STORE_CORRUPT") return true;
  return code === "STORE_FAILED" && retryable;
}
