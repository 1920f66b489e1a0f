import { join } from "node:path";
import { packageRoot } from "../kernel/package-root.ts";
import { openDatabase } from "./engine/index.ts";
import type { Database, DatabaseOptions } from "./engine/types.ts";
import type { CoreProcedures } from "./procedures/index.ts";

/** The core database: everything the gateway must not forget. */
export type Store = Database<CoreProcedures>;

export const STORE_FILE_NAME = "sluice.db";

export interface StoreOptions
  extends Pick<DatabaseOptions, "maxQueued" | "lockWaitMs" | "onFailure" | "onRefusal"> {
  /** The state folder; the database is its {@link STORE_FILE_NAME}. Or name the file itself. */
  folder?: string;
  /** Absolute path of the database file; wins over `folder`. */
  file?: string;
  /** Default: `dist/workers/store.cjs` of this package. */
  workerFile?: string;
}

/**
 * Opens the core database, creating and migrating it when needed.
 *
 * @throws SluiceError with a `StoreErrorCode`
 * @example
 * const store = await openStore({ folder: stateFolder });
 * const stats = await store.stats();
 */
export function openStore(options: StoreOptions): Promise<Store> {
  const { folder, workerFile, maxQueued, lockWaitMs, onFailure, onRefusal } = options;
  const file = options.file ?? (folder === undefined ? undefined : join(folder, STORE_FILE_NAME));
  if (file === undefined) throw new TypeError("openStore needs a folder or a file");
  return openDatabase<CoreProcedures>({
    file,
    workerFile: workerFile ?? join(packageRoot(), "dist", "workers", "store.cjs"),
    ...(maxQueued === undefined ? {} : { maxQueued }),
    ...(lockWaitMs === undefined ? {} : { lockWaitMs }),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(onRefusal === undefined ? {} : { onRefusal }),
  });
}
