import { SILENT_REPLY_TOKEN } from "./system-prompt.ts";

/** True when a whole answer means "say nothing". */
export function isSilentReply(text: string): boolean {
  return text.trim() === SILENT_REPLY_TOKEN;
}

/** True while an answer that has begun like this could still turn out to be silent. */
export function mayBecomeSilent(text: string): boolean {
  return SILENT_REPLY_TOKEN.startsWith(text.trim());
}

/**
 * The visible text of one streamed answer. A beginning that could still become a silent reply is held
 * back; once it cannot, everything held is released as one delta.
 */
export class ReplyText {
  #text = "";
  #shown = 0;

  get text(): string {
    return this.#text;
  }

  /** What may be shown so far. */
  get visible(): string {
    return this.#text.slice(0, this.#shown);
  }

  /** Adds a delta; returns what became visible by it. */
  add(delta: string): string {
    this.#text += delta;
    if (
      this.#shown === 0 &&
      this.#text.length <= SILENT_REPLY_TOKEN.length + 8 &&
      mayBecomeSilent(this.#text)
    ) {
      return "";
    }
    const released = this.#shown === 0 ? this.#text : delta;
    this.#shown = this.#text.length;
    return released;
  }
}
