import type { Clock } from "../../kernel/clock.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { CONTROL_WRITE_WINDOW_MS, CONTROL_WRITES_PER_WINDOW } from "../../protocol/limits.ts";
import type { Caller } from "./caller.ts";

/** Distinct (method, device, address) counters kept; the oldest is forgotten. */
export const MAX_WRITE_COUNTERS = 10_000;

/** Bounds control-plane writes per method, device and address (spec 3.6). */
export class WriteLimiter {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { startedAt: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws `UNAVAILABLE` with `retryAfterMs` when the window is used up */
  admit(caller: Caller, method: string): void {
    const key = `${method}\n${caller.deviceId ?? ""}\n${caller.address}`;
    const now = this.#clock.monotonic();
    const window = this.#windows.get(key);
    if (!window || now - window.startedAt >= CONTROL_WRITE_WINDOW_MS) {
      this.#windows.delete(key);
      this.#windows.set(key, { startedAt: now, count: 1 });
      for (const oldest of this.#windows.keys()) {
        if (this.#windows.size <= MAX_WRITE_COUNTERS) break;
        this.#windows.delete(oldest);
      }
      return;
    }
    if (window.count >= CONTROL_WRITES_PER_WINDOW) {
      const retryAfterMs = Math.ceil(window.startedAt + CONTROL_WRITE_WINDOW_MS - now);
      throw new SluiceError<ErrorCode>(
        "UNAVAILABLE",
        `rate limit exceeded for ${method}; retry after ${Math.ceil(retryAfterMs / 1_000)}s`,
        {
          retryable: true,
          retryAfterMs,
          details: { method, limit: `${CONTROL_WRITES_PER_WINDOW} per ${CONTROL_WRITE_WINDOW_MS / 1_000}s` },
        },
      );
    }
    window.count++;
  }
}
