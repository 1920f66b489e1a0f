import type { Clock } from "sluice/plugin-sdk/foundation";
import { MAX_TRACKED_ADDRESSES } from "../contract/limits.ts";

const WINDOW_MS = 60_000;

export interface RateState {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Whole seconds until a place is free (at least 1) when refused; until the oldest leaves otherwise. */
  resetS: number;
}

/** The times of the last requests of one caller; a sliding window of a minute (spec 5.4). */
export class SlidingWindow {
  readonly #times: number[] = [];

  /** Counts a request unless the window is full; a refused one is not counted. */
  take(now: number, limit: number): RateState {
    const state = this.look(now, limit);
    if (!state.allowed) return state;
    this.#times.push(now);
    const oldest = this.#times[0] as number;
    return { ...state, remaining: state.remaining - 1, resetS: seconds(oldest + WINDOW_MS - now) };
  }

  look(now: number, limit: number): RateState {
    while (this.#times.length > 0 && (this.#times[0] as number) <= now - WINDOW_MS) this.#times.shift();
    const remaining = Math.max(0, limit - this.#times.length);
    // With a limit that was lowered, a place is free once enough of the oldest have left.
    const next = this.#times[Math.max(0, this.#times.length - limit)];
    return {
      allowed: remaining > 0,
      limit,
      remaining,
      resetS: next === undefined ? 0 : seconds(next + WINDOW_MS - now),
    };
  }

  get empty(): boolean {
    return this.#times.length === 0;
  }
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

/** Sliding windows by caller, at most {@link MAX_TRACKED_ADDRESSES} of them. Time is monotonic. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #windows = new Map<string, SlidingWindow>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(caller: string, limit: number): RateState {
    return this.#window(caller).take(this.#clock.monotonic(), limit);
  }

  look(caller: string, limit: number): RateState {
    const window = this.#windows.get(caller);
    return (
      window?.look(this.#clock.monotonic(), limit) ?? { allowed: true, limit, remaining: limit, resetS: 0 }
    );
  }

  get size(): number {
    return this.#windows.size;
  }

  #window(caller: string): SlidingWindow {
    let window = this.#windows.get(caller);
    if (window) this.#windows.delete(caller);
    else if (this.#windows.size >= MAX_TRACKED_ADDRESSES)
      this.#windows.delete(this.#windows.keys().next().value as string);
    window ??= new SlidingWindow();
    this.#windows.set(caller, window);
    return window;
  }
}

/** One name for all forms of an address: IPv4 in IPv6 is IPv4, an IPv6 client is its /64, zones are dropped. */
export function addressBucket(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const bare = address.toLowerCase().replace(/%.*$/, "");
  const mapped = /^(?:::ffff:|::)(\d+\.\d+\.\d+\.\d+)$/.exec(bare);
  if (mapped) return mapped[1] as string;
  if (!bare.includes(":")) return bare;
  const [head = "", tail] = bare.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
