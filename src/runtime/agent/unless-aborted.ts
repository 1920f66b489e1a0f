/** The turn was stopped before the work was done. */
export const ABORTED = Symbol("aborted");

/**
 * What comes first: the work, or the turn being stopped. Code of plugins cannot be cancelled; a turn that is
 * stopped leaves it alone, and what becomes of it then concerns nobody.
 */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | typeof ABORTED> {
  let onAbort = () => {};
  const aborted = new Promise<typeof ABORTED>((resolve) => {
    onAbort = () => resolve(ABORTED);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => {});
  }
}
