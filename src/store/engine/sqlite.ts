import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Driver from "better-sqlite3";
import { SluiceError } from "../../kernel/errors.ts";
import type { StoreErrorCode } from "./types.ts";

/**
 * Prepared statements kept; the least recently used one is dropped beyond that. More than all procedures
 * have together: on Node 24 the driver can end the process when a dropped statement is collected.
 */
export const MAX_PREPARED_STATEMENTS = 1_024;
/**
 * Pages of the write-ahead log at which a commit checkpoints by itself (80 MB). So large, because the
 * worker checkpoints when it is idle; a commit that has to do it waits 100 ms and more.
 */
export const AUTO_CHECKPOINT_PAGES = 20_000;
/** Free pages the file keeps for reuse (4 MB); upkeep returns only what is above. */
export const KEEP_FREE_PAGES = 1_024;
/** Free pages returned to the file system in one step of upkeep. */
export const VACUUM_STEP_PAGES = 512;
/** Pages copied between two turns of the worker's loop during a backup. */
export const BACKUP_STEP_PAGES = 256;
/** Largest size the write-ahead log keeps after it was checkpointed. */
const LOG_SIZE_LIMIT_BYTES = 96 * 1_024 * 1_024;

/** Statements that would break the engine's own transaction are refused in procedures. */
const ENGINE_STATEMENT =
  /^\s*(begin|commit|end|rollback|savepoint|release|pragma|attach|detach|vacuum|analyze|reindex)\b/i;

export type Statement = Driver.Statement<unknown[], unknown>;

/**
 * The one connection to a SQLite file, inside a worker thread. It runs pragmas as scripts and keeps what it
 * prepares, since no statement may be left to the garbage collector. It is exclusive: a second process that
 * opens the same file is refused, so two gateways can never answer from one state folder.
 */
export class SqliteConnection {
  readonly file: string;
  readonly #driver: Driver.Database;
  readonly #statements = new Map<string, Statement>();
  readonly begin: () => void;
  readonly commit: () => void;
  readonly savepoint: () => void;
  readonly release: () => void;
  readonly #rollback: Statement;
  readonly #rollbackTo: Statement;
  readonly #freePageCount: Statement;

  private constructor(file: string, driver: Driver.Database) {
    this.file = file;
    this.#driver = driver;
    const prepared = (sql: string) => {
      const statement = driver.prepare<unknown[], unknown>(sql);
      return () => void statement.run();
    };
    this.begin = prepared("BEGIN IMMEDIATE");
    this.commit = prepared("COMMIT");
    this.savepoint = prepared("SAVEPOINT call");
    this.release = prepared("RELEASE call");
    this.#rollback = driver.prepare("ROLLBACK");
    this.#rollbackTo = driver.prepare("ROLLBACK TO call");
    this.#freePageCount = driver.prepare("PRAGMA freelist_count");
  }

  /**
   * Creates or opens the file (mode 0600, folder 0700) and takes it for this process.
   *
   * @param lockWaitMs how long to wait for another process to let go of it
   */
  static open(file: string, lockWaitMs: number): SqliteConnection {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    createPrivate(file);
    const driver = new Driver(file, { timeout: lockWaitMs });
    try {
      driver.exec("PRAGMA locking_mode = EXCLUSIVE");
      driver.exec("PRAGMA auto_vacuum = INCREMENTAL");
      driver.exec("PRAGMA journal_mode = WAL");
      driver.exec("PRAGMA synchronous = FULL");
      driver.exec(`PRAGMA wal_autocheckpoint = ${AUTO_CHECKPOINT_PAGES}`);
      driver.exec(`PRAGMA journal_size_limit = ${LOG_SIZE_LIMIT_BYTES}`);
      driver.exec("PRAGMA foreign_keys = ON");
      driver.exec("PRAGMA trusted_schema = OFF");
      driver.exec("PRAGMA temp_store = MEMORY");
      return new SqliteConnection(file, driver);
    } catch (error) {
      driver.close();
      throw error;
    }
  }

  get inTransaction(): boolean {
    return this.#driver.inTransaction;
  }

  /** Runs a script of statements; for migrations. */
  script(sql: string): void {
    this.#driver.exec(sql);
  }

  /** The prepared form of a procedure's statement, from a bounded cache. */
  prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) {
      // Re-inserting keeps the map in order of use, so that the first key is the one to drop.
      if (this.#statements.size >= MAX_PREPARED_STATEMENTS / 2) {
        this.#statements.delete(sql);
        this.#statements.set(sql, known);
      }
      return known;
    }
    if (ENGINE_STATEMENT.test(sql)) {
      throw new SluiceError<StoreErrorCode>("STORE_FAILED", "a procedure must not run engine statements", {
        details: { sql: sql.slice(0, 200) },
      });
    }
    const statement = this.#driver.prepare<unknown[], unknown>(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > MAX_PREPARED_STATEMENTS) {
      this.#statements.delete(this.#statements.keys().next().value as string);
    }
    return statement;
  }

  get preparedStatements(): number {
    return this.#statements.size;
  }

  rollback(): void {
    if (this.#driver.inTransaction) this.#rollback.run();
  }

  rollbackToSavepoint(): void {
    this.#rollbackTo.run();
    this.release();
  }

  /** Moves committed pages from the log into the file without waiting for anybody. */
  checkpoint(): void {
    this.#driver.exec("PRAGMA wal_checkpoint(PASSIVE)");
  }

  /** Gives a bounded number of free pages back. True when more is left to give. */
  vacuumStep(): boolean {
    const surplus = this.#freePages() - KEEP_FREE_PAGES;
    if (surplus <= 0) return false;
    this.#driver.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, VACUUM_STEP_PAGES)})`);
    return this.#freePages() > KEEP_FREE_PAGES;
  }

  /** Copies the database in steps; other work runs between two steps. Resolves with the copy's bytes. */
  async backup(targetFile: string): Promise<number> {
    createPrivate(targetFile);
    await this.#driver.backup(targetFile, { progress: () => BACKUP_STEP_PAGES });
    return sizeOf(targetFile);
  }

  /** Writes a copy of everything committed, mode 0600; other work waits. */
  copyTo(targetFile: string): void {
    createPrivate(targetFile);
    this.#driver.exec(`VACUUM INTO '${targetFile.replaceAll("'", "''")}'`);
  }

  sizes(): { fileBytes: number; walBytes: number } {
    return { fileBytes: sizeOf(this.file), walBytes: sizeOf(`${this.file}-wal`) };
  }

  /** Empties the log into the file and closes. */
  close(): void {
    try {
      if (!this.#driver.readonly) this.#driver.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } finally {
      this.#driver.close();
    }
  }

  #freePages(): number {
    return (this.#freePageCount.get() as { freelist_count: number }).freelist_count;
  }
}

function createPrivate(file: string): void {
  closeSync(openSync(file, "a", 0o600));
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
