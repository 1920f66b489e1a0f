import { SluiceError } from "../../kernel/errors.ts";
import type { SqliteConnection, Statement } from "./sqlite.ts";
import { storeError } from "./sqlite-errors.ts";
import type {
  DatabaseDefinition,
  Procedure,
  RunResult,
  SqlRow,
  SqlValue,
  StoreErrorCode,
  Transaction,
} from "./types.ts";
import { encodeError, type WireAnswer, type WireCall } from "./wire.ts";

/** A group commits early after this long, so that its first callers do not wait for its last. */
export const MAX_GROUP_MS = 50;
/** A procedure that has not ended by then waits for something other than its transaction. */
export const PROCEDURE_LIMIT_MS = 5_000;

/**
 * Runs calls in groups: one transaction and one sync to disk for all, a savepoint for each that writes after
 * the first. An answer exists only after the commit that made it durable. The transaction begins with the first
 * writing statement: the connection is the only one to the file and procedures run one after the other, so
 * that readers see one state without it.
 */
export class GroupCommit {
  readonly #connection: SqliteConnection;
  readonly #definition: DatabaseDefinition;
  readonly #procedures = new Map<string, Procedure<never, unknown>>();
  /** One timer for all procedures; arming it again is cheaper than making one for each. */
  #watchdog: NodeJS.Timeout | undefined;
  #bark: (() => void) | undefined;
  /** The group has tried to begin its transaction. */
  #begun = false;
  /** The running call is the transaction's first writer: undoing it is undoing the transaction. */
  #alone = false;
  readonly #beforeWrite = () => {
    this.#alone = !this.#begun;
    if (this.#begun) {
      this.#connection.savepoint();
      return;
    }
    this.#begun = true;
    this.#connection.begin();
  };
  /** Procedures answered and transactions committed since opening. */
  readonly counts = { calls: 0, commits: 0, writes: 0 };

  constructor(connection: SqliteConnection, definition: DatabaseDefinition) {
    this.#connection = connection;
    this.#definition = definition;
    for (const [group, table] of Object.entries(definition.procedures)) {
      for (const [name, procedure] of Object.entries(table))
        this.#procedures.set(`${group}.${name}`, procedure);
    }
  }

  /**
   * Takes calls from the front of `queue` until it is empty or the group is old enough, and returns their
   * answers in the same order. A group that writes is kept open once until `gathered` resolves, so that calls
   * that arrive while it runs share its sync to disk.
   */
  async next(
    queue: { shift(): WireCall | undefined },
    gathered?: () => Promise<void>,
  ): Promise<WireAnswer[]> {
    const answers: WireAnswer[] = [];
    this.#begun = false;
    const startedAt = performance.now();
    let waited = gathered === undefined;
    while (answers.length === 0 || this.#inTime(startedAt)) {
      const call = queue.shift();
      if (!call) {
        if (waited || !this.#begun) break;
        waited = true;
        await gathered?.();
        continue;
      }
      const answer = await this.#run(call);
      answers.push(answer);
      if (this.#begun && !this.#connection.inTransaction) return this.#lost(answers, answer);
    }
    if (this.#begun) {
      try {
        this.#connection.commit();
        this.counts.commits++;
      } catch (error) {
        this.#rollback();
        return this.#lost(answers, this.#failed(0, error));
      }
    }
    this.counts.calls += answers.length;
    return answers;
  }

  #inTime(startedAt: number): boolean {
    return performance.now() - startedAt < MAX_GROUP_MS;
  }

  async #run([id, procedure, input]: WireCall): Promise<WireAnswer> {
    const transaction = new SqliteTransaction(this.#connection, this.#beforeWrite);
    try {
      const output = await this.#inLimit(this.#find(procedure)(transaction, input as never), procedure);
      transaction.end();
      if (transaction.wrote) {
        if (!this.#alone) this.#connection.release();
        this.counts.writes++;
      }
      return [id, true, output];
    } catch (error) {
      transaction.end();
      const answer = this.#failed(id, error);
      // A full disk and its like make the driver undo the whole transaction: there is nothing to go back to.
      if (!transaction.wrote || !this.#connection.inTransaction) return answer;
      if (this.#alone) {
        this.#rollback();
        this.#begun = false;
        return answer;
      }
      try {
        this.#connection.rollbackToSavepoint();
      } catch {
        this.#rollback();
      }
      return answer;
    }
  }

  /**
   * A procedure awaits nothing but its transaction, so it ends before the loop can turn; this rejects only
   * for one that broke the rule and would hold the database for ever.
   */
  #inLimit(work: Promise<unknown>, procedure: string): Promise<unknown> {
    this.#watchdog ??= setTimeout(() => this.#bark?.(), PROCEDURE_LIMIT_MS).unref();
    this.#watchdog.refresh();
    return new Promise((resolve, reject) => {
      this.#bark = () => {
        const message = `${procedure} waited for something other than its transaction`;
        reject(new SluiceError<StoreErrorCode>("STORE_FAILED", message));
      };
      work.then(resolve, reject);
    });
  }

  #find(name: string): Procedure<never, unknown> {
    const procedure = this.#procedures.get(name);
    if (procedure) return procedure;
    throw new SluiceError<StoreErrorCode>(
      "STORE_FAILED",
      `database "${this.#definition.name}" has no procedure ${name}: rebuild its worker`,
    );
  }

  /** The transaction is gone: whatever had succeeded in it did not happen. */
  #lost(answers: readonly WireAnswer[], failure: WireAnswer): WireAnswer[] {
    this.counts.calls += answers.length;
    // A procedure that swallowed the driver's error must not be acknowledged either.
    const error = failure[1]
      ? encodeError(storeError("the transaction was undone", this.#definition.name))
      : failure[2];
    return answers.map((answer) => (answer[1] ? ([answer[0], false, error] as const) : answer));
  }

  #failed(id: number, error: unknown): WireAnswer {
    return [id, false, encodeError(storeError(error, this.#definition.name))];
  }

  #rollback(): void {
    try {
      this.#connection.rollback();
    } catch {
      // The next BEGIN reports what is wrong with the connection.
    }
  }
}

/** The view of one procedure; useless once the procedure has ended. */
class SqliteTransaction implements Transaction {
  readonly #connection: SqliteConnection;
  readonly #beforeWrite: () => void;
  #ended = false;
  /** True once a writing statement ran, and with it the savepoint exists. */
  wrote = false;

  constructor(connection: SqliteConnection, beforeWrite: () => void) {
    this.#connection = connection;
    this.#beforeWrite = beforeWrite;
  }

  async get<Row extends object = SqlRow>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return this.#statement(sql).get(...params) as Row | undefined;
  }

  async all<Row extends object = SqlRow>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    return this.#statement(sql).all(...params) as Row[];
  }

  async run(sql: string, ...params: SqlValue[]): Promise<RunResult> {
    return { changes: this.#statement(sql).run(...params).changes };
  }

  end(): void {
    this.#ended = true;
  }

  #statement(sql: string): Statement {
    if (this.#ended) {
      throw new SluiceError<StoreErrorCode>(
        "STORE_FAILED",
        "a procedure used its transaction after it ended",
      );
    }
    const statement = this.#connection.prepare(sql);
    if (!this.wrote && !statement.readonly) {
      this.#beforeWrite();
      this.wrote = true;
    }
    return statement;
  }
}
