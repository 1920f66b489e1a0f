/**
 * A durable database of an extension's own, served by a worker thread with group commit. The worker file
 * calls `serveDatabase` from `store-worker`, which is a subpath of its own so that the SQLite driver never
 * loads outside a worker.
 */
export { openDatabase } from "../store/engine/index.ts";
export type {
  Database,
  DatabaseDefinition,
  DatabaseOptions,
  DatabaseStats,
  Migration,
  Procedure,
  ProcedureClient,
  ProcedureTable,
  RunResult,
  SqlRow,
  SqlValue,
  StoreErrorCode,
  Transaction,
} from "../store/engine/types.ts";
