/** Refuses a request that would leave the public network without being allowed to. */
export class SsrFBlockedError extends Error {
  readonly code = "SSRF_BLOCKED";

  constructor(message: string) {
    super(message);
    this.name = "SsrFBlockedError";
  }
}
