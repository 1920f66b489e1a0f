/** One reaction on a message that tells how its turn stands. */

export interface StatusReactionEmojis {
  queued: string;
  thinking: string;
  tool: string;
  coding: string;
  web: string;
  compacting: string;
  done: string;
  error: string;
  stallSoft: string;
  stallHard: string;
}

export const DEFAULT_EMOJIS: Readonly<StatusReactionEmojis> = Object.freeze({
  queued: "👀",
  thinking: "🤔",
  tool: "🔥",
  coding: "👨‍💻",
  web: "⚡",
  compacting: "✍",
  done: "👍",
  error: "😱",
  stallSoft: "🥱",
  stallHard: "😨",
});

/** Milliseconds. */
export interface StatusReactionTiming {
  /** A state must last this long to be shown; the ends are shown at once. */
  debounceMs: number;
  /** Without news for this long the turn looks slow, and then stuck. */
  stallSoftMs: number;
  stallHardMs: number;
  /** How long an end stays before `restoreInitial` takes it away. */
  doneHoldMs: number;
  errorHoldMs: number;
}

export const DEFAULT_TIMING: Readonly<StatusReactionTiming> = Object.freeze({
  debounceMs: 700,
  stallSoftMs: 10_000,
  stallHardMs: 30_000,
  doneHoldMs: 1_500,
  errorHoldMs: 2_500,
});

export interface StatusReactionAdapter {
  setReaction(emoji: string): Promise<unknown>;
  /** Absent where a new reaction takes the place of the old one. */
  removeReaction?(emoji: string): Promise<unknown>;
}

const CODING = /^(?:exec|bash|shell|process|read|write|edit|apply_patch|grep|find|ls)$|code|patch|file/;
const WEB = /web|browser|fetch|search|http/;

export interface StatusReactionOptions {
  enabled: boolean;
  adapter: StatusReactionAdapter;
  initialEmoji: string;
  emojis?: Partial<StatusReactionEmojis> | undefined;
  timing?: Partial<StatusReactionTiming> | undefined;
  /** `acknowledgement`: the first emoji stays until the end; what happens meanwhile is not shown. */
  presentation?: "status" | "acknowledgement";
  onError?(error: unknown): void;
}

/** Shows where a turn stands. Platform calls are made one after the other; a failing one is only reported. */
export function createStatusReactionController(options: StatusReactionOptions) {
  return new StatusReactionController(options);
}

class StatusReactionController {
  readonly #options: StatusReactionOptions;
  readonly #emojis: StatusReactionEmojis;
  readonly #timing: StatusReactionTiming;
  #tail: Promise<void> = Promise.resolve();
  #shown: string | undefined;
  #wanted: string | undefined;
  #ended: "done" | "error" | undefined;
  #closed = false;
  #debounce: NodeJS.Timeout | undefined;
  readonly #stalls: NodeJS.Timeout[] = [];

  constructor(options: StatusReactionOptions) {
    this.#options = options;
    this.#emojis = { ...DEFAULT_EMOJIS, queued: options.initialEmoji, ...options.emojis };
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
  }

  setQueued = (): Promise<void> => (this.#isOver() ? this.#tail : this.#show(this.#emojis.queued));

  setThinking = (): Promise<void> => this.#progress(this.#emojis.thinking);

  setTool = (toolName?: string): Promise<void> => {
    const name = toolName?.trim().toLowerCase() ?? "";
    const { coding, web, tool } = this.#emojis;
    return this.#progress(WEB.test(name) ? web : CODING.test(name) ? coding : tool);
  };

  setCompacting = (): Promise<void> => this.#progress(this.#emojis.compacting);

  /** What waits to be shown is not shown any more. */
  cancelPending = (): void => {
    clearTimeout(this.#debounce);
    this.#debounce = undefined;
    this.#wanted = undefined;
    for (const timer of this.#stalls.splice(0)) clearTimeout(timer);
  };

  setDone = (): Promise<void> => this.#end("done");

  setError = (): Promise<void> => this.#end("error");

  /** Takes the reaction away. */
  clear = (): Promise<void> => {
    this.cancelPending();
    this.#closed = true;
    return this.#queue(async () => {
      const shown = this.#shown;
      this.#shown = undefined;
      if (shown !== undefined) await this.#options.adapter.removeReaction?.(shown);
    });
  };

  /** Goes back to the first emoji, after the end has been seen for a while. */
  restoreInitial = async (): Promise<void> => {
    if (!this.#options.enabled || this.#closed) return;
    this.cancelPending();
    const hold = this.#ended === "done" ? this.#timing.doneHoldMs : this.#timing.errorHoldMs;
    if (this.#ended !== undefined && hold > 0) {
      await this.#tail;
      await new Promise<void>((resolve) => setTimeout(resolve, hold).unref());
    }
    await this.#show(this.#options.initialEmoji);
  };

  #isOver(): boolean {
    return this.#closed || this.#ended !== undefined;
  }

  #progress(emoji: string): Promise<void> {
    if (this.#isOver() || !this.#options.enabled) return this.#tail;
    if (this.#options.presentation === "acknowledgement") return this.#tail;
    this.#armStalls();
    if (emoji === this.#wanted || (this.#wanted === undefined && emoji === this.#shown)) return this.#tail;
    clearTimeout(this.#debounce);
    this.#wanted = emoji;
    this.#debounce = setTimeout(() => {
      this.#wanted = undefined;
      void this.#show(emoji);
    }, this.#timing.debounceMs);
    this.#debounce.unref();
    return this.#tail;
  }

  #armStalls(): void {
    for (const timer of this.#stalls.splice(0)) clearTimeout(timer);
    const { stallSoftMs, stallHardMs } = this.#timing;
    const { stallSoft, stallHard } = this.#emojis;
    for (const [emoji, delay] of [
      [stallSoft, stallSoftMs],
      [stallHard, stallHardMs],
    ] as const) {
      this.#stalls.push(setTimeout(() => void this.#show(emoji), delay).unref());
    }
  }

  #end(how: "done" | "error"): Promise<void> {
    if (this.#isOver()) return this.#tail;
    this.cancelPending();
    this.#ended = how;
    return this.#show(this.#emojis[how]);
  }

  #show(emoji: string): Promise<void> {
    return this.#queue(async () => {
      if (emoji === this.#shown) return;
      const before = this.#shown;
      await this.#options.adapter.setReaction(emoji);
      this.#shown = emoji;
      // The new one is there before the old one goes, so that there is always one.
      if (before !== undefined) await this.#options.adapter.removeReaction?.(before);
    });
  }

  #queue(act: () => Promise<void>): Promise<void> {
    if (!this.#options.enabled) return this.#tail;
    this.#tail = this.#tail.then(act).catch((error) => this.#options.onError?.(error));
    return this.#tail;
  }
}
