/** For worker files only: it loads the SQLite driver. See `store`. */
export type {
  DatabaseDefinition,
  Migration,
  Procedure,
  ProcedureTable,
  SqlRow,
  SqlValue,
  Transaction,
} from "../store/engine/types.ts";
export { serveDatabase } from "../store/engine/worker-host.ts";
