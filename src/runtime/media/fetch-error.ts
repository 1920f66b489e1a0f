import { recognisesCopies } from "../../kernel/class-copies.ts";

const BRAND = Symbol.for("sluice.media-fetch-error");

/** A file that could not be fetched; `code` says why. */
export class MediaFetchError extends Error {
  override readonly name = "MediaFetchError";
  readonly code: string;
  readonly status?: number;
  readonly [BRAND] = true;
  /** Plugins ask with the SDK's class about errors of the gateway. */
  static override readonly [Symbol.hasInstance] = recognisesCopies(BRAND);

  constructor(code: string, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.status !== undefined) this.status = options.status;
  }
}

export function parseMediaContentLength(raw: string | null): number | null {
  const text = raw?.trim() ?? "";
  if (!/^\d+$/.test(text)) return null;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : null;
}
