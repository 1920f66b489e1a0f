/** True when the handler knows the reason and dealt with it. */
export type RejectionHandler = (reason: unknown) => boolean;

const SLOT = Symbol.for("sluice.unhandled-rejection-handlers");

/** One set for the process: plugins may load another copy of this module. */
export function rejectionHandlers(): Set<RejectionHandler> {
  const holder = globalThis as unknown as Record<symbol, Set<RejectionHandler> | undefined>;
  holder[SLOT] ??= new Set();
  return holder[SLOT];
}

/** Whether a plugin claims a rejection that nobody awaited; a handler that fails does not. */
export function isClaimedRejection(reason: unknown): boolean {
  for (const handler of [...rejectionHandlers()]) {
    try {
      if (handler(reason) === true) return true;
    } catch {
      // The rejection stays unclaimed.
    }
  }
  return false;
}
