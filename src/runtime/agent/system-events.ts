/** Events kept per session (spec 4.12). */
export const MAX_SYSTEM_EVENTS = 20;
/** Sessions that may have events waiting; the oldest waiting one makes room. */
export const MAX_SYSTEM_EVENT_SESSIONS = 1_000;

/** Short facts that are put in front of a session's next prompt. In memory only, by contract. */
export class SystemEvents {
  readonly #queues = new Map<string, { text: string; contextKey?: string }[]>();

  /** False when the same text is already the newest one. @throws TypeError for an empty session key */
  enqueue(
    sessionKey: string,
    text: string,
    options: { contextKey?: string; replace?: boolean } = {},
  ): boolean {
    if (sessionKey.trim() === "") throw new TypeError("a system event needs a session key");
    const queue = this.#queues.get(sessionKey) ?? [];
    if (queue.at(-1)?.text === text) return false;
    const { contextKey } = options;
    const kept =
      contextKey && options.replace ? queue.filter((event) => event.contextKey !== contextKey) : queue;
    kept.push({ text, ...(contextKey ? { contextKey } : {}) });
    this.#queues.delete(sessionKey);
    this.#queues.set(sessionKey, kept.slice(-MAX_SYSTEM_EVENTS));
    if (this.#queues.size > MAX_SYSTEM_EVENT_SESSIONS) {
      const oldest = this.#queues.keys().next().value;
      if (oldest !== undefined) this.#queues.delete(oldest);
    }
    return true;
  }

  /** Takes what waits, as the lines of a prompt. */
  drain(sessionKey: string): string | undefined {
    const queue = this.#queues.get(sessionKey);
    if (!queue) return undefined;
    this.#queues.delete(sessionKey);
    return queue.map((event) => `System: ${event.text}`).join("\n");
  }

  discard(sessionKey: string): void {
    this.#queues.delete(sessionKey);
  }
}
