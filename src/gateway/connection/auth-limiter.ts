import type { Clock } from "../../kernel/clock.ts";
import {
  AUTH_LIMITER_ENTRIES,
  AUTH_LOCKOUT_MS,
  AUTH_LOOPBACK_DELAY_MS,
  AUTH_LOOPBACK_MAX_DELAY_MS,
  AUTH_MAX_ATTEMPTS,
  AUTH_WINDOW_MS,
} from "../../protocol/limits.ts";
import { isLoopback, rateLimitKey } from "./address.ts";

export type CredentialClass = "shared-secret" | "device-token";

export interface AuthAttempt {
  credential: CredentialClass;
  /** Canonical address of the peer. */
  address: string;
  /** The normalised `Origin` of a page, when there is one: a page is never exempt. */
  origin?: string | undefined;
}

interface Counter {
  startedAt: number;
  failures: number;
  lockedUntil: number;
}

/**
 * Bounds wrong credentials by class and address (spec 2.10). Missing credentials and successes do not
 * count. Loopback is slowed down rather than locked out, except for pages in a browser.
 */
export class AuthLimiter {
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#counters.size;
  }

  /** How long the caller is locked out, in milliseconds; 0 when it may try. */
  lockedFor(attempt: AuthAttempt): number {
    const counter = this.#counters.get(keyOf(attempt));
    return counter ? Math.max(0, Math.ceil(counter.lockedUntil - this.#clock.monotonic())) : 0;
  }

  /** Counts a wrong credential. @returns how long its answer must be held back, in milliseconds */
  failed(attempt: AuthAttempt): number {
    const now = this.#clock.monotonic();
    const key = keyOf(attempt);
    let counter = this.#counters.get(key);
    if (!counter || now - counter.startedAt >= AUTH_WINDOW_MS) {
      counter = { startedAt: now, failures: 0, lockedUntil: counter?.lockedUntil ?? 0 };
    }
    this.#counters.delete(key);
    this.#counters.set(key, counter);
    for (const oldest of this.#counters.keys()) {
      if (this.#counters.size <= AUTH_LIMITER_ENTRIES) break;
      this.#counters.delete(oldest);
    }
    counter.failures++;
    if (isExempt(attempt)) {
      return Math.min(AUTH_LOOPBACK_DELAY_MS * 2 ** (counter.failures - 1), AUTH_LOOPBACK_MAX_DELAY_MS);
    }
    if (counter.failures >= AUTH_MAX_ATTEMPTS) counter.lockedUntil = now + AUTH_LOCKOUT_MS;
    return 0;
  }

  succeeded(attempt: AuthAttempt): void {
    this.#counters.delete(keyOf(attempt));
  }
}

function isExempt(attempt: AuthAttempt): boolean {
  return attempt.origin === undefined && isLoopback(attempt.address);
}

function keyOf(attempt: AuthAttempt): string {
  const from =
    attempt.origin !== undefined && isLoopback(attempt.address)
      ? `browser-origin:${attempt.origin}`
      : rateLimitKey(attempt.address);
  return `${attempt.credential}\n${from}`;
}
