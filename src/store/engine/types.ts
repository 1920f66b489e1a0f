import type { Disposable } from "../../kernel/disposable.ts";
import type { SluiceError } from "../../kernel/errors.ts";

/** What a column or a parameter can hold. Text, numbers within ±2^53, bytes, or null. */
export type SqlValue = string | number | null | Uint8Array;

export type SqlRow = Record<string, SqlValue>;

export interface RunResult {
  /** Rows inserted, updated or deleted by the statement. */
  changes: number;
}

/**
 * One procedure's view of the database. Placeholders are `?`, in order. Statements run inside the
 * commit group's transaction under a savepoint of this procedure: throwing undoes this procedure alone.
 */
export interface Transaction {
  get<Row extends object = SqlRow>(sql: string, ...params: SqlValue[]): Promise<Row | undefined>;
  all<Row extends object = SqlRow>(sql: string, ...params: SqlValue[]): Promise<Row[]>;
  run(sql: string, ...params: SqlValue[]): Promise<RunResult>;
}

/**
 * A unit of work. Input and output must survive structured cloning. It may await nothing but `tx` and
 * other procedures called with the same `tx`; it must not keep `tx`.
 */
export type Procedure<Input = never, Output = unknown> = (tx: Transaction, input: Input) => Promise<Output>;

/** Procedures by group and name: `{ inbox: { accept, settle }, … }`. */
export type ProcedureTable = Record<string, Record<string, Procedure<never, unknown>>>;

export interface Migration {
  /** 1, 2, 3… without gaps. */
  version: number;
  name: string;
  /** Statements separated by `;` at line ends; portable SQL. */
  sql: string;
  /** SHA-256 of `sql` in hex, known beforehand to save each start the work. Default: made when asked for. */
  checksum?: string;
}

/**
 * What a worker needs to serve one database. A worker entry file exports nothing and calls
 * `serveDatabase(definition)` from `engine/worker-host.ts`.
 */
export interface DatabaseDefinition<Table extends ProcedureTable = ProcedureTable> {
  /** Names the database in messages and in its own `schema_info` table. */
  name: string;
  migrations: readonly Migration[];
  procedures: Table;
}

/** The caller's face of a procedure table: typed async functions, one round trip to the worker each. */
export type ProcedureClient<Table extends ProcedureTable> = {
  readonly [Group in keyof Table]: {
    readonly [Name in keyof Table[Group]]: Table[Group][Name] extends Procedure<infer Input, infer Output>
      ? (input: Input) => Promise<Output>
      : never;
  };
};

/**
 * The same procedures as blocking functions. The calling thread sleeps for the round trip: about 0.1 ms
 * for a read, one sync to disk for a write. Only for contracts that are synchronous by name.
 */
export type SyncProcedureClient<Table extends ProcedureTable> = {
  readonly [Group in keyof Table]: {
    readonly [Name in keyof Table[Group]]: Table[Group][Name] extends Procedure<infer Input, infer Output>
      ? (input: Input) => Output
      : never;
  };
};

export type StoreErrorCode =
  | "STORE_OPEN_FAILED"
  | "STORE_NEWER_THAN_PROGRAM"
  | "STORE_MIGRATION_CHANGED"
  | "STORE_CORRUPT"
  | "STORE_FULL"
  | "STORE_READ_ONLY"
  | "STORE_BUSY"
  | "STORE_CLOSED"
  | "STORE_FAILED"
  | "STORE_CONFLICT";

export interface DatabaseOptions {
  /** Absolute path of the database file; its folder is created with mode 0700. */
  file: string;
  /** Absolute path of the built worker entry (`dist/workers/<name>.cjs`). */
  workerFile: string;
  /** Calls waiting for the worker; one more is refused with `STORE_BUSY` (retryable). Default 10,000. */
  maxQueued?: number;
  /** How long opening waits for another process to let go of the file, in milliseconds. Default 5,000. */
  lockWaitMs?: number;
  /** Called when the worker itself fails; every call in flight has been rejected by then. */
  onFailure?: (error: Error) => void;
  /** Called for each call that failed because the file can not be written or is damaged. */
  onRefusal?: (error: SluiceError) => void;
}

export interface DatabaseStats {
  /** Procedures answered since opening. */
  calls: number;
  /** Transactions committed since opening; `calls / commits` is the group size. */
  commits: number;
  queued: number;
  fileBytes: number;
  walBytes: number;
}

/** An open database: a client of procedures plus what an operator needs. */
export interface Database<Table extends ProcedureTable> extends Disposable {
  readonly call: ProcedureClient<Table>;
  /** Blocking calls; they run after every call made before them. */
  readonly callSync: SyncProcedureClient<Table>;
  /** Writes a consistent copy while work goes on. */
  backup(targetFile: string): Promise<{ bytes: number }>;
  /** One bounded step of upkeep: checkpoint when idle, incremental vacuum. True when more is left. */
  maintain(): Promise<boolean>;
  stats(): Promise<DatabaseStats>;
  /** Finishes what is queued, checkpoints and closes. */
  dispose(): Promise<void>;
}
