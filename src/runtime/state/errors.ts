import { errorMessage, isSluiceError, SluiceError, type SluiceErrorOptions } from "../../kernel/errors.ts";

export type PluginStateErrorCode =
  | "PLUGIN_STATE_SQLITE_UNAVAILABLE"
  | "PLUGIN_STATE_OPEN_FAILED"
  | "PLUGIN_STATE_WRITE_FAILED"
  | "PLUGIN_STATE_READ_FAILED"
  | "PLUGIN_STATE_CORRUPT"
  | "PLUGIN_STATE_LIMIT_EXCEEDED"
  | "PLUGIN_STATE_INVALID_INPUT";

export type StateOperation =
  | "open"
  | "register"
  | "registerIfAbsent"
  | "lookup"
  | "lookupMany"
  | "consume"
  | "delete"
  | "deleteIf"
  | "deleteIfEqual"
  | "entries"
  | "clear"
  | "count"
  | "update"
  | "observe"
  | "compareAndApply";

const READS: ReadonlySet<StateOperation> = new Set(["lookup", "lookupMany", "entries", "count", "observe"]);

/** What keyed stores throw (spec 4.14). `operation` is the method that was called. */
export class PluginStateStoreError extends SluiceError<PluginStateErrorCode> {
  readonly operation: StateOperation;

  constructor(
    code: PluginStateErrorCode,
    operation: StateOperation,
    message: string,
    options: SluiceErrorOptions = {},
  ) {
    super(code, message, options);
    this.name = "PluginStateStoreError";
    this.operation = operation;
  }
}

export function invalidInput(
  operation: StateOperation,
  message: string,
  details?: object,
): PluginStateStoreError {
  return new PluginStateStoreError("PLUGIN_STATE_INVALID_INPUT", operation, message, { details });
}

/** Gives whatever the store threw its form in the plugin contract. */
export function stateError(thrown: unknown, operation: StateOperation): PluginStateStoreError {
  if (thrown instanceof PluginStateStoreError) return thrown;
  const options: SluiceErrorOptions = { cause: thrown };
  if (isSluiceError(thrown)) {
    options.details = thrown.details;
    options.retryable = thrown.retryable;
    if (thrown.retryAfterMs !== undefined) options.retryAfterMs = thrown.retryAfterMs;
  }
  return new PluginStateStoreError(codeFor(thrown, operation), operation, errorMessage(thrown), options);
}

function codeFor(thrown: unknown, operation: StateOperation): PluginStateErrorCode {
  const code = isSluiceError(thrown) ? thrown.code : "";
  if (code.startsWith("PLUGIN_STATE_")) return code as PluginStateErrorCode;
  if (code === "STORE_CORRUPT") return "PLUGIN_STATE_CORRUPT";
  if (code === "STORE_OPEN_FAILED") return "PLUGIN_STATE_SQLITE_UNAVAILABLE";
  return READS.has(operation) ? "PLUGIN_STATE_READ_FAILED" : "PLUGIN_STATE_WRITE_FAILED";
}
