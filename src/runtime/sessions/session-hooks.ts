import type { Message } from "../../contracts/messages.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { parseMessage } from "../agent/transcript-context.ts";
import { DEFAULT_HISTORY_LIMIT } from "./history.ts";

/** Sessions that plugins are told about when the gateway stops, and how long that may take in all. */
export const MAX_ENDED_SESSIONS = 256;
export const SHUTDOWN_HOOKS_MS = 2_000;
/** How long a reset or a delete waits for what it tells plugins; handlers may go on. */
export const SESSION_HOOKS_WAIT_MS = 2_000;

/** What plugins are told of conversations that begin and end (plugin-sdk spec 4.11). */
export class SessionHooks {
  readonly #options: { hooks: HookRunner; store: Store; clock: Clock; logger: Logger };

  constructor(options: { hooks: HookRunner; store: Store; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  async beforeReset(session: SessionRecord, reason: string): Promise<void> {
    if (!this.#options.hooks.has("before_reset")) return;
    await this.#observe("before_reset", session, {
      reason,
      messages: await this.#messages(session.sessionKey),
    });
  }

  started(session: SessionRecord): Promise<void> {
    return this.#observe("session_start", session, {});
  }

  ended(
    session: SessionRecord,
    facts: { reason: string; nextSessionId?: string; nextSessionKey?: string },
  ): Promise<void> {
    return this.#observe("session_end", session, { ...facts, ...this.#lifeOf(session) });
  }

  /**
   * Tells `session_end` of the sessions that were used since `sinceMs`, the newest first, because the gateway
   * stops. Waits for all handlers together {@link SHUTDOWN_HOOKS_MS} and no longer (plugin-sdk spec 4.4).
   */
  async endUsed(reason: "shutdown" | "restart", sinceMs: number): Promise<void> {
    const { hooks, store, clock, logger } = this.#options;
    if (!hooks.has("session_end")) return;
    const told = store.call.sessions
      .list({ limit: MAX_ENDED_SESSIONS, updatedSince: sinceMs })
      .then(({ sessions }) => Promise.all(sessions.map((session) => this.ended(session, { reason }))))
      .catch((error: unknown) => logger.warn("session_end failed", { error: errorMessage(error) }));
    let timer: Disposable | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = clock.after(SHUTDOWN_HOOKS_MS, () => resolve("late"));
    });
    if ((await Promise.race([told, late])) === "late") {
      logger.warn("session_end handlers took too long; the gateway stops without them", {
        limitMs: SHUTDOWN_HOOKS_MS,
      });
    }
    void timer?.dispose();
  }

  /** How a session's life is told to plugins, in milliseconds since its last fresh start. */
  #lifeOf({ entry, createdAt, messageCount }: SessionRecord): { messageCount: number; durationMs: number } {
    const startedAt = entry["sessionStartedAt"];
    const since = typeof startedAt === "number" ? startedAt : createdAt;
    return { messageCount, durationMs: Math.max(this.#options.clock.now() - since, 0) };
  }

  /** The newest messages of a conversation, oldest first. */
  async #messages(sessionKey: string): Promise<Message[]> {
    const { store } = this.#options;
    const page = await store.call.transcripts.page({ sessionKey, limit: DEFAULT_HISTORY_LIMIT, offset: 0 });
    return (page?.entries ?? [])
      .filter(({ type }) => type === "message")
      .map(parseMessage)
      .filter((message) => message !== undefined);
  }

  async #observe(hook: string, session: SessionRecord, facts: object): Promise<void> {
    const { hooks, logger, clock } = this.#options;
    if (!hooks.has(hook)) return;
    const { sessionId, sessionKey, agentId } = session;
    const told = hooks.run(hook, { sessionId, sessionKey, ...facts }, { sessionId, sessionKey, agentId });
    await withDeadline(told, SESSION_HOOKS_WAIT_MS, `telling plugins ${hook}`, clock).catch(
      (error: unknown) =>
        logger.warn("a hook failed or goes on for long", { hook, error: errorMessage(error) }),
    );
  }
}
