export interface TimeoutSignal {
  signal?: AbortSignal;
  cleanup(): void;
  /** Starts the time limit anew. */
  refresh(): void;
}

/** A signal that aborts with the given one or after `timeoutMs`; call `cleanup` when done. */
export function buildTimeoutAbortSignal(params: {
  timeoutMs?: number;
  signal?: AbortSignal;
  operation?: string;
  url?: string;
}): TimeoutSignal {
  const { timeoutMs, signal } = params;
  if (!timeoutMs) return { ...(signal ? { signal } : {}), cleanup() {}, refresh() {} };
  const controller = new AbortController();
  const expire = () => {
    const error = new Error(`${params.operation ?? "request"} timed out after ${timeoutMs}ms`);
    error.name = "TimeoutError";
    controller.abort(error);
  };
  let timer = setTimeout(expire, timeoutMs);
  const forward = () => controller.abort(signal?.reason);
  if (signal?.aborted) forward();
  else signal?.addEventListener("abort", forward, { once: true });
  return {
    signal: controller.signal,
    cleanup() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", forward);
    },
    refresh() {
      clearTimeout(timer);
      if (!controller.signal.aborted) timer = setTimeout(expire, timeoutMs);
    },
  };
}
