import { KeyedAsyncQueue } from "../values/async.ts";

export interface RunQueueStatus {
  activeRuns: number;
  busy: boolean;
  /** Milliseconds since 1970. */
  lastRunActivityAt: number;
}

/** Runs one task per key at a time, keys side by side, and tells the account's status how many run. */
export function createChannelRunQueue(params: {
  setStatus?(patch: RunQueueStatus): unknown;
  abortSignal?: AbortSignal;
  onError?(error: unknown): void;
}) {
  const queue = new KeyedAsyncQueue();
  const lifecycle = new AbortController();
  const { abortSignal } = params;
  let activeRuns = 0;
  const tell = (change: number) => {
    activeRuns += change;
    params.setStatus?.({ activeRuns, busy: activeRuns > 0, lastRunActivityAt: Date.now() });
  };
  const deactivate = () => {
    abortSignal?.removeEventListener("abort", deactivate);
    lifecycle.abort();
  };
  if (abortSignal?.aborted) deactivate();
  else abortSignal?.addEventListener("abort", deactivate, { once: true });
  return {
    /** Tasks that have not begun when the queue is deactivated never begin. */
    enqueue(
      key: string,
      task: (given: { lifecycleSignal: AbortSignal }) => Promise<unknown> | unknown,
    ): void {
      const run = async () => {
        if (lifecycle.signal.aborted) return;
        tell(1);
        try {
          await task({ lifecycleSignal: lifecycle.signal });
        } finally {
          tell(-1);
        }
      };
      queue.enqueue(key, run).catch((error) => params.onError?.(error));
    },
    deactivate,
  };
}
