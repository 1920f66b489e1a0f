/** A local file that an attachment may not come from; `code` says why. */
export class LocalMediaAccessError extends Error {
  override readonly name = "LocalMediaAccessError";
  readonly code: "path-not-allowed" | "not-found" | "not-a-file";

  constructor(code: LocalMediaAccessError["code"], message: string, options: { cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
  }
}
