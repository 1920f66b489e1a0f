import { createHash, randomUUID } from "node:crypto";

/** Repetitions remembered per connection, for telling equal lines of one instant apart. */
const MAX_REMEMBERED = 2_000;

/**
 * Names messages on a protocol that does not. With the `msgid` tag that is the id. With `server-time` only,
 * the id is made of time, sender, target and text, and a number when the same line comes again in the same
 * instant: a bouncer that plays back gives the same ids. Without either, nothing can be played back, and a
 * number within the connection is enough.
 */
export class MessageIds {
  readonly #connection = randomUUID();
  #count = 0;
  readonly #repetitions = new Map<string, number>();

  next(event: { tags?: Record<string, string>; nick: string; target: string; message: string }): string {
    const msgid = event.tags?.["msgid"];
    if (msgid) return `msgid:${msgid}`;
    const time = event.tags?.["time"];
    if (!time) return `${this.#connection}:${++this.#count}`;
    const digest = createHash("sha256")
      .update(JSON.stringify([event.nick, event.target, event.message]))
      .digest("base64url")
      .slice(0, 22);
    const base = `time:${time}:${digest}`;
    const repetition = (this.#repetitions.get(base) ?? 0) + 1;
    this.#repetitions.set(base, repetition);
    if (this.#repetitions.size > MAX_REMEMBERED) {
      const oldest = this.#repetitions.keys().next();
      if (!oldest.done) this.#repetitions.delete(oldest.value);
    }
    return repetition === 1 ? base : `${base}:${repetition}`;
  }
}
