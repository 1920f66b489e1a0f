import { errorMessage, isSluiceError, SluiceError } from "../../kernel/errors.ts";
import type { StoreErrorCode } from "./types.ts";

interface Mapping {
  code: StoreErrorCode;
  advice: string;
  retryable?: boolean;
}

/** Driver result codes by prefix, longest first where they overlap. */
const MAPPINGS: readonly (readonly [prefix: string, mapping: Mapping])[] = [
  ["SQLITE_CONSTRAINT", { code: "STORE_CONFLICT", advice: "a row breaks a rule of the schema" }],
  [
    "SQLITE_FULL",
    { code: "STORE_FULL", advice: "the disk is full; free some space and try again", retryable: true },
  ],
  [
    "SQLITE_READONLY",
    {
      code: "STORE_READ_ONLY",
      advice: "the database can not be written; check the owner and mode of its folder",
    },
  ],
  [
    "SQLITE_IOERR",
    {
      code: "STORE_FAILED",
      advice: "the disk does not read or write; check it and the system's log",
      retryable: true,
    },
  ],
  [
    "SQLITE_CORRUPT",
    { code: "STORE_CORRUPT", advice: "the database file is damaged; stop the gateway and restore a backup" },
  ],
  [
    "SQLITE_NOTADB",
    { code: "STORE_CORRUPT", advice: "the file is not a database; move it away or restore a backup" },
  ],
  [
    "SQLITE_BUSY",
    {
      code: "STORE_BUSY",
      advice: "another process has the database open; stop it first, or use its RPC",
      retryable: true,
    },
  ],
  [
    "SQLITE_CANTOPEN",
    { code: "STORE_OPEN_FAILED", advice: "the database file can not be opened; check its folder" },
  ],
];

/** The result code of a driver error, or `undefined` for anything else that was thrown. */
export function driverCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : undefined;
}

/**
 * Gives anything thrown below a procedure its typed form: driver errors by result code, typed errors as
 * they are, the rest as `STORE_FAILED`.
 *
 * @param database name of the database, for the message
 */
export function storeError(thrown: unknown, database: string): SluiceError {
  if (isSluiceError(thrown)) return thrown;
  const driver = driverCode(thrown);
  const found = driver && MAPPINGS.find(([prefix]) => driver.startsWith(prefix))?.[1];
  const text = errorMessage(thrown);
  if (!found) {
    return new SluiceError<StoreErrorCode>("STORE_FAILED", `database "${database}": ${text}`, {
      cause: thrown,
      ...(driver ? { details: { driver } } : {}),
    });
  }
  return new SluiceError<StoreErrorCode>(found.code, `database "${database}": ${found.advice} (${text})`, {
    details: { driver },
    retryable: found.retryable ?? false,
    cause: thrown,
  });
}
