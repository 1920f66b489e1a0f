/**
 * Something that was acquired and must be given back. `dispose` is idempotent by convention:
 * the second call does nothing.
 */
export interface Disposable {
  dispose(): void | Promise<void>;
}

/** Wraps a release function so that it runs at most once. */
export function disposable(release: () => void | Promise<void>): Disposable {
  let pending: (() => void | Promise<void>) | undefined = release;
  return {
    dispose() {
      const run = pending;
      pending = undefined;
      return run?.();
    },
  };
}
