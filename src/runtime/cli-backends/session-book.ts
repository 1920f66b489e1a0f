import type { Message } from "../../contracts/messages.ts";
import { messageText } from "./prompt.ts";

/** Conversations whose session in a program is known; the one unused for longest goes first. */
export const MAX_CLI_SESSIONS = 1_000;

interface Known {
  readonly sessionId: string;
  /** Messages of the conversation that the program's session has heard or said. */
  readonly heard: number;
  readonly answer: string;
}

/**
 * Which session of a program goes with which conversation. Kept in memory: after a restart, and after somebody
 * else answered in between, a session begins anew and is told what was said.
 */
export class CliSessionBook {
  readonly #known = new Map<string, Known>();

  /** The session to resume for these messages, if it has heard all of them but the last. */
  find(
    backendId: string,
    conversation: string | undefined,
    messages: readonly Message[],
  ): string | undefined {
    if (conversation === undefined) return undefined;
    const known = this.#known.get(keyOf(backendId, conversation));
    if (!known || messages.length !== known.heard + 1 || messages.at(-1)?.role !== "user") return undefined;
    const last = messages.at(-2);
    return last?.role === "assistant" && messageText(last) === known.answer ? known.sessionId : undefined;
  }

  keep(
    backendId: string,
    conversation: string | undefined,
    session: { sessionId: string; messages: readonly Message[]; answer: string },
  ): void {
    if (conversation === undefined) return;
    const key = keyOf(backendId, conversation);
    this.#known.delete(key);
    if (this.#known.size >= MAX_CLI_SESSIONS) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    const { sessionId, messages, answer } = session;
    this.#known.set(key, { sessionId, heard: messages.length + 1, answer });
  }

  drop(backendId: string, conversation: string | undefined): void {
    if (conversation !== undefined) this.#known.delete(keyOf(backendId, conversation));
  }
}

function keyOf(backendId: string, conversation: string): string {
  return `${backendId}\0${conversation}`;
}
