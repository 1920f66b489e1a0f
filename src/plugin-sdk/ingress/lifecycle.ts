/** What a plugin reports about a claimed event while it is worked on (spec 1.18.11, 1.18.12). */
export interface IngressLifecycle {
  admission?: "exclusive";
  abortSignal: AbortSignal;
  /** A run owns the event now, or it is queued durably: the claim may be completed. */
  onAdopted(): void | Promise<void>;
  /** It was steered or queued into another run; adoption or abandonment follows. */
  onDeferred(): void;
  onDeferredHeartbeat?(): void;
  deferredHeartbeatIntervalMs?: number;
  onAdoptionFinalizing?(): void;
  onFailed?(error: unknown): void | Promise<void>;
  onCancelled?(): void | Promise<void>;
  /** It will not be processed: release it for another attempt. */
  onAbandoned(error?: unknown): void | Promise<void>;
}

/** The reply options that tie a turn to its ingress event. */
export function bindIngressLifecycleToReplyOptions(lifecycle: IngressLifecycle) {
  const {
    onAdoptionFinalizing: _finalizing,
    onFailed: _failed,
    onCancelled: _cancelled,
    ...rest
  } = lifecycle;
  return { turnAdoptionLifecycle: { ...rest, admission: "exclusive" as const } };
}

/**
 * Several events that became one turn: what happens to the turn happens to each of them. `settle` adopts
 * what nothing else settled.
 */
export function fanInChannelIngressLifecycles(inputs: readonly (IngressLifecycle | undefined)[]) {
  const parts = inputs.filter((part): part is IngressLifecycle => part !== undefined);
  let settled = false;
  const once = async (act: (part: IngressLifecycle) => unknown) => {
    if (settled) return;
    settled = true;
    await Promise.all(parts.map(act));
  };
  const adopt = () => once((part) => part.onAdopted());
  const abandon = (error?: unknown) => once((part) => part.onAbandoned(error));
  const cancel = () => once((part) => part.onCancelled?.() ?? part.onAbandoned());
  const lifecycle: IngressLifecycle | undefined =
    parts.length === 0
      ? undefined
      : {
          admission: "exclusive",
          abortSignal: AbortSignal.any(parts.map((part) => part.abortSignal)),
          onAdopted: adopt,
          onDeferred: () => {
            for (const part of parts) part.onDeferred();
          },
          onDeferredHeartbeat: () => {
            for (const part of parts) part.onDeferredHeartbeat?.();
          },
          onAdoptionFinalizing: () => {
            for (const part of parts) part.onAdoptionFinalizing?.();
          },
          onFailed: (error) => once((part) => part.onFailed?.(error) ?? part.onAbandoned(error)),
          onCancelled: cancel,
          onAbandoned: abandon,
        };
  return { lifecycle, settle: adopt, abandon, cancel };
}

/** A named error class for events that can not be read; with `withReason` its first argument is a reason code. */
export function createChannelIngressError(name: string, options?: { withReason?: boolean }) {
  const withReason = options?.withReason === true;
  const type = class extends Error {
    readonly reason: string | undefined;

    constructor(first: string, second?: string | ErrorOptions, third?: ErrorOptions) {
      super(
        withReason ? (second as string) : first,
        withReason ? third : (second as ErrorOptions | undefined),
      );
      this.name = name;
      this.reason = withReason ? first : undefined;
      if (!withReason) delete (this as { reason?: string | undefined }).reason;
    }
  };
  Object.defineProperty(type, "name", { value: name });
  return type;
}
