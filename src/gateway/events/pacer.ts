import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { LIVE_TEXT_PACING_MS } from "../../protocol/limits.ts";

/** Live text of one run and one stream: the whole so far and what was added since the last frame. */
export interface LiveText {
  text: string;
  delta: string;
  /** The text is not a continuation of what was sent before. */
  replace: boolean;
  /** Of the newest event. */
  seq: number;
  ts: number;
  /** The newest event's data, for fields besides the text. */
  data: Record<string, unknown>;
}

/**
 * Lets live text through at most once per {@link LIVE_TEXT_PACING_MS}; what comes sooner is merged and
 * goes out when the time is up, or at once with {@link Pacer.flush}.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #send: (live: LiveText) => void;
  #pending: LiveText | undefined;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #timer: Disposable | undefined;

  constructor(clock: Clock, send: (live: LiveText) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  push(live: LiveText): void {
    const { replace } = live;
    const merged = this.#pending;
    this.#pending = merged
      ? {
          ...live,
          delta: replace ? live.delta : merged.delta + live.delta,
          replace: replace || merged.replace,
        }
      : live;
    if (this.#timer) return;
    const wait = this.#lastSentAt + LIVE_TEXT_PACING_MS - this.#clock.monotonic();
    if (wait <= 0) this.flush();
    else this.#timer = this.#clock.after(wait, () => this.flush());
  }

  /** Sends what is held back, now. */
  flush(): void {
    void this.#timer?.dispose();
    this.#timer = undefined;
    const live = this.#pending;
    if (!live) return;
    this.#pending = undefined;
    this.#lastSentAt = this.#clock.monotonic();
    this.#send(live);
  }
}
