export type FsSafeErrorCode =
  | "already-exists"
  | "hardlink"
  | "invalid-path"
  | "not-file"
  | "not-found"
  | "outside-workspace"
  | "symlink"
  | "too-large";

/** A file that may not be used as asked; `code` says why. */
export class FsSafeError extends Error {
  override readonly name = "FsSafeError";
  readonly code: FsSafeErrorCode;

  constructor(code: FsSafeErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
  }
}

/** Node's errors of opening a path, as ours. */
export function toFsSafeError(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ENOENT") return new FsSafeError("not-found", `there is no file: ${path}`, { cause: error });
  if (code === "ELOOP")
    return new FsSafeError("symlink", `the file is a symbolic link: ${path}`, { cause: error });
  if (code === "EEXIST")
    return new FsSafeError("already-exists", `the file exists already: ${path}`, { cause: error });
  if (code === "ENOTDIR" || code === "EISDIR") {
    return new FsSafeError("not-file", `no plain file: ${path}`, { cause: error });
  }
  return error;
}
