import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";

/** Sessions whose end is remembered; one more forgets the one seen longest ago. */
export const MAX_REMEMBERED_TAILS = 2_000;

/** Where a transcript ends, as this process last saw it. Others may have written since. */
export interface SessionTail {
  sessionId: string;
  /** Position of the newest entry. */
  seq: number;
}

/** Remembers where transcripts end, so that the place of the next entry can be told ahead, usually rightly. */
export class SessionTails {
  readonly #tails = new Map<string, SessionTail>();

  get(sessionKey: string): SessionTail | undefined {
    return this.#tails.get(sessionKey);
  }

  saw(sessionKey: string, entries: readonly TranscriptRecord[]): void {
    const last = entries.at(-1);
    if (!last) return;
    this.#tails.delete(sessionKey);
    this.#tails.set(sessionKey, { sessionId: last.sessionId, seq: last.seq });
    if (this.#tails.size <= MAX_REMEMBERED_TAILS) return;
    const oldest = this.#tails.keys().next();
    if (!oldest.done) this.#tails.delete(oldest.value);
  }
}
