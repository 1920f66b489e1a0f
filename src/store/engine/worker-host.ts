import { promises } from "node:fs";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { BoundedQueue } from "../../kernel/bounded-queue.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { SqliteConnection } from "./sqlite.ts";
import { storeError } from "./sqlite-errors.ts";
import type { DatabaseDefinition, StoreErrorCode } from "./types.ts";
import {
  encodeError,
  type FromWorker,
  forEachCall,
  isFlat,
  type ToWorker,
  type WireAnswer,
  type WireCall,
  type WorkerSeed,
} from "./wire.ts";

/** The database counts as idle after this long without a call. */
export const IDLE_MS = 100;
/** Writing procedures since the last checkpoint that make an idle worker do the next one. */
export const CHECKPOINT_AFTER_WRITES = 500;

/** Wakes the thread that waits for the answer of a synchronous call. */
interface SyncLine {
  port: MessagePort;
  signal: Int32Array;
}

/**
 * Turns the current worker thread into the server of one database: opens the file named by the thread
 * that started it, migrates, then answers calls until it is told to close. Call it once, last, from a
 * worker entry file.
 *
 * @example
 * // vault.worker.ts
 * serveDatabase({ name: "vault", migrations, procedures });
 */
export function serveDatabase(definition: DatabaseDefinition): void {
  if (!parentPort) throw new Error("serveDatabase runs in a worker thread only");
  const port = parentPort;
  try {
    const { file, lockWaitMs } = workerData as WorkerSeed;
    const connection = SqliteConnection.open(file, lockWaitMs);
    try {
      migrate(connection, definition.name, definition.migrations);
    } catch (error) {
      connection.close();
      throw error;
    }
    const host = new WorkerHost(port, connection, definition);
    port.on("message", (message: ToWorker) => host.receive(message));
    port.postMessage({ kind: "ready" } satisfies FromWorker);
  } catch (error) {
    const refusal = encodeError(openError(error, definition.name));
    port.postMessage({ kind: "refused", error: refusal } satisfies FromWorker);
    port.close();
  }
}

class WorkerHost {
  readonly #port: MessagePort;
  readonly #connection: SqliteConnection;
  readonly #definition: DatabaseDefinition;
  readonly #commits: GroupCommit;
  /** Bounded by the client, which refuses more than `maxQueued` calls. */
  readonly #calls = new BoundedQueue<WireCall>(Number.MAX_SAFE_INTEGER, "calls of the store worker");
  /** Work that needs the connection outside a transaction, after the calls queued before it. */
  readonly #errands: (() => void)[] = [];
  readonly #syncCalls = new Set<number>();
  readonly #backups = new Set<Promise<void>>();
  #syncLine: SyncLine | undefined;
  #working = false;
  #writesAtCheckpoint = 0;
  readonly #idle: NodeJS.Timeout;

  constructor(port: MessagePort, connection: SqliteConnection, definition: DatabaseDefinition) {
    this.#port = port;
    this.#connection = connection;
    this.#definition = definition;
    this.#commits = new GroupCommit(connection, definition);
    this.#idle = setTimeout(() => this.#whenIdle(), IDLE_MS);
    this.#idle.unref();
  }

  receive(message: ToWorker): void {
    if (isFlat(message)) {
      forEachCall(message, this.#queue);
      this.#schedule();
      return;
    }
    switch (message.kind) {
      case "sync-call":
        this.#syncCalls.add(message.call[0]);
        this.#calls.push(message.call);
        break;
      case "sync-port":
        this.#syncLine = message;
        return;
      case "stats":
        this.#errands.push(() => this.#answer(message.id, this.#stats()));
        break;
      case "maintain":
        this.#errands.push(() => this.#maintain(message.id));
        break;
      case "backup":
        this.#errands.push(() => this.#backup(message.id, message.targetFile));
        break;
      case "close":
        this.#errands.push(() => void this.#close());
        break;
    }
    this.#schedule();
  }

  readonly #queue = (call: WireCall) => this.#calls.push(call);

  /** Starts at once: readers are answered without waiting, and what a writer's group gathers comes while it works. */
  #schedule(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#drain();
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#calls.size > 0) {
        // A backup copies between two turns of the loop and can not while a transaction is open.
        const gathered = this.#backups.size > 0 ? undefined : endOfTurn;
        this.#send(await this.#commits.next(this.#calls, gathered));
        this.#idle.refresh();
      }
      // Errands run once the calls queued before them are done; later calls may overtake, which changes nothing.
      if (this.#calls.size === 0) for (const errand of this.#errands.splice(0)) errand();
      if (this.#calls.size === 0 && this.#errands.length === 0) break;
      await endOfTurn();
    }
    this.#working = false;
  }

  #send(answers: WireAnswer[]): void {
    if (this.#syncCalls.size > 0) answers = answers.filter((answer) => !this.#sendSync(answer));
    if (answers.length === 0) return;
    try {
      this.#port.postMessage(answers.length === 1 ? answers[0] : answers.flat(1));
    } catch {
      for (const answer of answers) this.#sendOne(answer, (message) => this.#port.postMessage(message));
    }
  }

  #sendSync(answer: WireAnswer): boolean {
    const line = this.#syncLine;
    if (!line || !this.#syncCalls.delete(answer[0])) return false;
    this.#sendOne(answer, (message) => line.port.postMessage(message));
    Atomics.add(line.signal, 0, 1);
    Atomics.notify(line.signal, 0);
    return true;
  }

  #sendOne(answer: WireAnswer, post: (message: FromWorker) => void): void {
    try {
      post(answer);
    } catch (error) {
      const failure = new SluiceError<StoreErrorCode>(
        "STORE_FAILED",
        `the output of a procedure can not be passed between threads: ${errorMessage(error)}`,
      );
      post([answer[0], false, encodeError(failure)]);
    }
  }

  #answer(id: number, output: unknown): void {
    this.#send([[id, true, output]]);
  }

  #fail(id: number, error: unknown): void {
    this.#send([[id, false, encodeError(storeError(error, this.#definition.name))]]);
  }

  #stats(): object {
    const { calls, commits } = this.#commits.counts;
    return { calls, commits, ...this.#connection.sizes() };
  }

  #maintain(id: number): void {
    try {
      const more = this.#connection.vacuumStep();
      this.#checkpoint();
      this.#answer(id, more);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #backup(id: number, targetFile: string): void {
    const partial = `${targetFile}.${process.pid}-${id}.partial`;
    const work = this.#connection
      .backup(partial)
      .then(async (bytes) => {
        await promises.rename(partial, targetFile);
        this.#answer(id, { bytes });
      })
      .catch(async (error) => {
        await promises.rm(partial, { force: true }).catch(() => {});
        this.#fail(id, error);
      })
      .finally(() => this.#backups.delete(work));
    this.#backups.add(work);
  }

  #checkpoint(): void {
    this.#connection.checkpoint();
    this.#writesAtCheckpoint = this.#commits.counts.writes;
  }

  #whenIdle(): void {
    if (this.#commits.counts.writes - this.#writesAtCheckpoint < CHECKPOINT_AFTER_WRITES) return;
    try {
      this.#checkpoint();
    } catch {
      // The log only grows until the next attempt; a commit that fails will tell its callers.
    }
  }

  async #close(): Promise<void> {
    clearTimeout(this.#idle);
    await Promise.all(this.#backups);
    let message: FromWorker = { kind: "closed" };
    try {
      this.#connection.close();
    } catch (error) {
      message = { kind: "closed", error: encodeError(storeError(error, this.#definition.name)) };
    }
    this.#port.postMessage(message);
    this.#syncLine?.port.close();
    this.#port.close();
  }
}

/** Resolves when everything that arrived in this turn of the loop has been received. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function openError(error: unknown, name: string): SluiceError {
  const code = (error as { code?: unknown }).code;
  if (
    code === "MODULE_NOT_FOUND" ||
    code === "ERR_DLOPEN_FAILED" ||
    /bindings file/.test(errorMessage(error))
  ) {
    return new SluiceError<StoreErrorCode>(
      "STORE_OPEN_FAILED",
      `the SQLite driver does not load on this Node; run "npm rebuild better-sqlite3" (${errorMessage(error)})`,
      { cause: error },
    );
  }
  const mapped = storeError(error, name);
  if (mapped.code !== "STORE_FAILED") return mapped;
  return new SluiceError<StoreErrorCode>("STORE_OPEN_FAILED", mapped.message, {
    details: mapped.details,
    cause: error,
  });
}
