import {
  MAX_PARKED_HANDLERS,
  MAX_RUNNING_HANDLERS,
  MAX_WAITING_REQUEST_BYTES,
  MAX_WAITING_REQUESTS,
} from "../../protocol/limits.ts";

export interface LaneLimits {
  running: number;
  parked: number;
  waiting: number;
  waitingBytes: number;
}

export const DEFAULT_LANE_LIMITS: LaneLimits = {
  running: MAX_RUNNING_HANDLERS,
  parked: MAX_PARKED_HANDLERS,
  waiting: MAX_WAITING_REQUESTS,
  waitingBytes: MAX_WAITING_REQUEST_BYTES,
};

interface Waiting {
  bytes: number;
  start: () => void;
}

/**
 * Bounds what one connection has in flight: so many handlers run, so many requests wait for their turn,
 * the next one is refused (spec 1.5). Handlers that park on something slow are counted apart, so that a
 * client waiting for many runs can still abort one.
 */
export class RequestLane {
  readonly #limits: LaneLimits;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #running = 0;
  #parked = 0;

  constructor(limits: LaneLimits = DEFAULT_LANE_LIMITS) {
    this.#limits = limits;
  }

  get busy(): number {
    return this.#running + this.#parked + this.#queue.length;
  }

  /** Runs `start` now or when a slot is free. @returns false when the lane is full and nothing will run */
  enter(parks: boolean, bytes: number, start: () => void): boolean {
    if (parks) {
      if (this.#parked >= this.#limits.parked) return false;
      this.#parked++;
      start();
      return true;
    }
    if (this.#running < this.#limits.running) {
      this.#running++;
      start();
      return true;
    }
    if (this.#queue.length >= this.#limits.waiting || this.#queuedBytes + bytes > this.#limits.waitingBytes) {
      return false;
    }
    this.#queue.push({ bytes, start });
    this.#queuedBytes += bytes;
    return true;
  }

  /** Gives back what {@link enter} took and starts the next request. */
  leave(parks: boolean): void {
    if (parks) {
      this.#parked--;
      return;
    }
    const next = this.#queue.shift();
    if (!next) {
      this.#running--;
      return;
    }
    this.#queuedBytes -= next.bytes;
    next.start();
  }

  /** Forgets what waits; for a connection that is gone. */
  clear(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }
}
