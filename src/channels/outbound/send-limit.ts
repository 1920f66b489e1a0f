import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";

/** One call of an adapter may take this long before it is given up. */
export const SEND_LIMIT_MS = 300_000;
/** How long an adapter may still answer after its account was stopped. */
const STOP_GRACE_MS = 2_000;

/** Waits for an adapter: until the limit, or a moment beyond the stop of its account. */
export async function limited<T>(
  work: Promise<T>,
  call: AbortController,
  { clock, stopped }: { clock: Clock; stopped: AbortSignal },
): Promise<T> {
  const timers: Disposable[] = [];
  let onStop = () => {};
  const expired = new Promise<never>((_, reject) => {
    const giveUp = (message: string) => {
      const error = new SluiceError("TIMEOUT", message, { retryable: true });
      call.abort(error);
      reject(error);
    };
    timers.push(
      clock.after(SEND_LIMIT_MS, () => giveUp(`the channel did not answer in ${SEND_LIMIT_MS} ms`)),
    );
    onStop = () => {
      call.abort(new SluiceError("TIMEOUT", "the channel account stopped", { retryable: true }));
      timers.push(clock.after(STOP_GRACE_MS, () => giveUp("the channel account stopped")));
    };
  });
  if (stopped.aborted) onStop();
  else stopped.addEventListener("abort", onStop, { once: true });
  try {
    return await Promise.race([work, expired]);
  } finally {
    for (const timer of timers) void timer.dispose();
    stopped.removeEventListener("abort", onStop);
  }
}
