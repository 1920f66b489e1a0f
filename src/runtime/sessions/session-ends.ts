import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { refusal } from "./refusal.ts";
import type { SessionHooks } from "./session-hooks.ts";
import type { DeleteOptions, ResetOptions, SessionAddress, SessionsOptions } from "./types.ts";

/** Longest time a reset or delete waits for running turns to stop. */
export const SESSION_DRAIN_MS = 15_000;

/** How a session ends: it begins afresh under its key, or it goes. Plugins are told of both. */
export class SessionEnds {
  readonly #options: SessionsOptions;
  readonly #hooks: SessionHooks;

  constructor(options: SessionsOptions, hooks: SessionHooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Stops running turns, then starts the conversation afresh under the same key. */
  async reset(key: SessionAddress, options: ResetOptions): Promise<SessionRecord> {
    const reason = options.reason ?? "reset";
    const before = await this.#options.store.call.sessions.get({ sessionKey: key.sessionKey });
    if (options.expectedSessionId !== undefined && before?.sessionId !== options.expectedSessionId) {
      throw refusal("session-changed");
    }
    if (before) await this.#hooks.beforeReset(before, reason);
    await this.#stop(key.sessionKey, reason);
    const result = await this.#options.store.call.sessions.reset({
      sessionKey: key.sessionKey,
      entryId: newUuid(),
      lifecycleRevision: newUuid(),
      reason,
      now: this.#options.clock.now(),
      pluginSlots: this.#options.extensions?.slots() ?? [],
      create: { agentId: key.agentId, sessionId: newUuid() },
      ...(options.expectedSessionId === undefined ? {} : { expectedSessionId: options.expectedSessionId }),
    });
    if ("refused" in result) throw refusal(result.refused);
    await this.#cleanUp("reset", key.sessionKey);
    if (before) {
      const { sessionId: nextSessionId, sessionKey: nextSessionKey } = result.session;
      await this.#hooks.ended(before, { reason, nextSessionId, nextSessionKey });
    }
    await this.#hooks.started(result.session);
    return result.session;
  }

  /**
   * Stops running turns and removes the session; a large transcript goes in steps. Returns it as it was;
   * `undefined` when there was none.
   */
  async delete(key: SessionAddress, options: DeleteOptions): Promise<SessionRecord | undefined> {
    const before = await this.#options.store.call.sessions.get({ sessionKey: key.sessionKey });
    if (!before) return undefined;
    const expected = options.expectedSessionId;
    const updated = options.expectedUpdatedAt;
    if (
      (expected !== undefined && expected !== before.sessionId) ||
      (updated !== undefined && updated !== before.updatedAt)
    ) {
      throw refusal("session-changed");
    }
    await this.#stop(key.sessionKey, "delete");
    const { deleteTranscript = true, expectedUpdatedAt: _checkedOnce, ...conditions } = options;
    for (;;) {
      const step = await this.#options.store.call.sessions.delete({
        sessionKey: key.sessionKey,
        deleteTranscript,
        now: this.#options.clock.now(),
        ...conditions,
      });
      if (step.refused) throw refusal(step.refused);
      if (step.done) break;
    }
    await this.#cleanUp("delete", key.sessionKey);
    await this.#hooks.ended(before, { reason: "deleted" });
    return before;
  }

  async #stop(sessionKey: string, reason: string): Promise<void> {
    const { agent, clock } = this.#options;
    await agent.abort({ sessionKey, reason });
    const waiting = new AbortController();
    const late = clock.sleep(SESSION_DRAIN_MS, waiting.signal).then(
      () => "late" as const,
      () => undefined,
    );
    const first = await Promise.race([agent.whenIdle(sessionKey), late]);
    waiting.abort();
    if (first !== "late") return;
    throw new SluiceError("UNAVAILABLE", "the session's running turn does not stop; try again", {
      retryable: true,
      retryAfterMs: 5_000,
    });
  }

  async #cleanUp(reason: "reset" | "delete", sessionKey: string): Promise<void> {
    this.#options.extensions?.forget(sessionKey);
    await this.#options.cleanUp?.(reason, { sessionKey });
  }
}
