/** What a turn reports about the events it is made of (spec 1.18.11). */
interface TurnLifecycle {
  abortSignal?: AbortSignal;
  onAdopted?(): void | Promise<void>;
  onDeferred?(): void;
  onFailed?(error: unknown): void | Promise<void>;
  onCancelled?(): void | Promise<void>;
  onAbandoned?(error?: unknown): void | Promise<void>;
}

export interface AdmissionLifecycle extends TurnLifecycle {
  abortSignal: AbortSignal;
  onAdopted(): Promise<void>;
  onDeferred(): void;
  onAbandoned(error?: unknown): Promise<void>;
}

/** One flush of a debouncer: taken up, and done. Neither promise of a taken-up turn holds up the other. */
export interface Flush {
  /** Resolves when a run owns the turn, it was given up, or it is over. Never rejects. */
  admission: Promise<void>;
  /** Resolves when `dispatch` is through; rejects when it failed. */
  completion: Promise<void>;
}

/** Starts a turn and tells when it has been taken up, so that the next message need not wait for its end. */
export function createFlush(params: {
  lifecycle?: TurnLifecycle | undefined;
  dispatch(lifecycle: AdmissionLifecycle): Promise<void> | void;
}): Flush {
  const given = params.lifecycle ?? {};
  let admit = () => {};
  const admission = new Promise<void>((resolve) => {
    admit = resolve;
  });
  const lifecycle: AdmissionLifecycle = {
    ...given,
    abortSignal: given.abortSignal ?? new AbortController().signal,
    onAdopted: async () => {
      await given.onAdopted?.();
      admit();
    },
    onDeferred: () => {
      given.onDeferred?.();
      admit();
    },
    onAbandoned: async (error) => {
      await given.onAbandoned?.(error);
      admit();
    },
  };
  const completion = Promise.resolve()
    .then(() => params.dispatch(lifecycle))
    .then(
      () => admit(),
      (error) => {
        admit();
        throw error;
      },
    );
  // Whoever started the flush may look at its admission alone.
  completion.catch(() => {});
  return { admission, completion };
}
