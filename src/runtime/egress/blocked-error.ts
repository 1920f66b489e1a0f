import { recognisesCopies } from "../../kernel/class-copies.ts";

const BRAND = Symbol.for("sluice.blocked-error");

/** Refuses a request that would leave the public network without being allowed to. */
export class SsrFBlockedError extends Error {
  readonly code = "SSRF_BLOCKED";
  readonly [BRAND] = true;
  /** Plugins ask with the SDK's class about errors of the gateway. */
  static override readonly [Symbol.hasInstance] = recognisesCopies(BRAND);

  constructor(message: string) {
    super(message);
    this.name = "SsrFBlockedError";
  }
}
