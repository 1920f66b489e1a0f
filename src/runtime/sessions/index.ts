import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import type { ListSessionsInput } from "../../store/procedures/session-listing.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { defaultAgentId, mainKey } from "../agent/settings.ts";
import type { AgentRuntime } from "../agent/types.ts";
import type { ConfigService } from "../config/types.ts";
import type { Models } from "../models/types.ts";
import type { SessionExtensions } from "../workflow/session-extensions.ts";
import { checkedPatch } from "./checked-patch.ts";
import { previewItem } from "./display.ts";
import { type HistoryDelta, type HistoryPage, readDelta, readHistory } from "./history.ts";
import { SessionHooks } from "./session-hooks.ts";
import { canonicalSessionKey, isMainSession } from "./session-key.ts";
import { type SessionDefaults, type SessionRow, sessionRow } from "./session-row.ts";

export * from "./display.ts";
export * from "./history.ts";
export * from "./session-key.ts";
export { publicEntry, type SessionDefaults, type SessionRow } from "./session-row.ts";

/** Longest time a reset or delete waits for running turns to stop. */
export const SESSION_DRAIN_MS = 15_000;
export const MAX_PREVIEW_KEYS = 64;
/** Something about a session changed outside a turn. */
export interface SessionChange {
  sessionKey: string;
  agentId: string;
  sessionId: string;
  reason: "patch" | "reset" | "new" | "delete" | "create" | "archive" | "inject" | "plugin-patch";
  row?: SessionRow;
}

export interface SessionsOptions {
  store: Store;
  agent: AgentRuntime;
  models: Models;
  config: ConfigService;
  hooks: HookRunner;
  clock: Clock;
  logger: Logger;
  /** State of plugins in sessions. */
  extensions?: SessionExtensions;
  /** Tells plugins that a session starts afresh or is gone. */
  cleanUp?(reason: "reset" | "delete", target: { sessionKey: string }): Promise<void>;
}

/** Validated change of a session: `null` clears a field. */
export interface SessionChanges {
  patch: Record<string, unknown>;
  label?: string | null;
  archived?: boolean;
  pinned?: boolean;
  expectedSessionId?: string;
  expectedLifecycleRevision?: string;
}

/** Sessions for the floors above: keys, rows, pages, changes. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #hooks: SessionHooks;
  readonly #changed: Emitter<SessionChange>;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#hooks = new SessionHooks(options);
    this.#changed = new Emitter((error) =>
      options.logger.warn("a listener of session changes failed", { error: errorMessage(error) }),
    );
  }

  onChanged(listener: (change: SessionChange) => void): Disposable {
    return this.#changed.on(listener);
  }

  /** The canonical key of a request. @throws SluiceError `INVALID_REQUEST` */
  key(raw: string, agentId?: string): { sessionKey: string; agentId: string } {
    const config = this.#options.config.current().config;
    const agent = (agentId ?? defaultAgentId(config)).toLowerCase();
    return canonicalSessionKey(raw, { agentId: agent, mainKey: mainKey(config) });
  }

  get mainKey(): string {
    return mainKey(this.#options.config.current().config);
  }

  get(sessionKey: string): Promise<SessionRecord | undefined> {
    return this.#options.store.call.sessions.get({ sessionKey });
  }

  async defaults(agentId?: string): Promise<SessionDefaults> {
    const { models } = this.#options;
    const resolved = await models.resolve(undefined, agentId).catch(() => undefined);
    if (!resolved) {
      return {
        modelProvider: "none",
        model: "none",
        contextTokens: 0,
        thinking: { levels: [{ id: "off", label: "off" }], defaultLevel: "off" },
      };
    }
    const { model, thinking } = resolved;
    return {
      modelProvider: model.provider,
      model: model.id,
      contextTokens: model.contextWindow ?? 0,
      thinking,
    };
  }

  row(session: SessionRecord, defaults: SessionDefaults): SessionRow {
    const extensions = this.#options.extensions?.projected(session);
    return sessionRow(session, {
      defaults,
      ...(extensions ? { extensions } : {}),
      mainKey: this.mainKey,
      activeRunIds: this.activeRunIds(session.sessionKey),
      now: this.#options.clock.now(),
    });
  }

  activeRunIds(sessionKey: string): string[] {
    const active = this.#options.agent.inFlight(sessionKey);
    return active ? [active.runId] : [];
  }

  async list(input: ListSessionsInput) {
    const page = await this.#options.store.call.sessions.list(input);
    const defaults = await this.defaults();
    return { ...page, defaults, rows: page.sessions.map((session) => this.row(session, defaults)) };
  }

  history(input: Parameters<typeof readHistory>[1]): Promise<HistoryPage | undefined> {
    return readHistory(this.#options.store, input);
  }

  delta(input: Parameters<typeof readDelta>[1]): Promise<HistoryDelta> {
    return readDelta(this.#options.store, input);
  }

  async previews(keys: string[], limit: number, maxChars: number) {
    const sessionKeys = keys.slice(0, MAX_PREVIEW_KEYS);
    const found = await this.#options.store.call.sessions.preview({ sessionKeys, limit });
    return found.map(({ sessionKey, status, bodies }) => ({
      key: sessionKey,
      status,
      items: bodies.map((body) => previewItem(body, maxChars)).filter((item) => item !== undefined),
    }));
  }

  /** Checks the level names and the model of a change. @throws SluiceError `INVALID_REQUEST` */
  validated(patch: Record<string, unknown>, agentId?: string): Promise<Record<string, unknown>> {
    return checkedPatch(patch, this.#options.models, agentId);
  }

  /** @throws SluiceError `INVALID_REQUEST` when a precondition fails or the label is taken */
  async patch(key: { sessionKey: string; agentId: string }, changes: SessionChanges): Promise<SessionRecord> {
    if (changes.archived === true && isMainSession(key.sessionKey, this.mainKey)) {
      throw new SluiceError("INVALID_REQUEST", "the main session cannot be archived");
    }
    const result = await this.#options.store.call.sessions.patch({
      sessionKey: key.sessionKey,
      create: { agentId: key.agentId, sessionId: newUuid(), lifecycleRevision: newUuid() },
      now: this.#options.clock.now(),
      ...changes,
    });
    if ("refused" in result) throw refusal(result.refused, result.session?.sessionKey);
    await this.#announce(result.session, changes.archived === undefined ? "patch" : "archive");
    return result.session;
  }

  /** Puts a session aside that nobody uses. False when it has begun anew or is gone. */
  async archive(session: SessionRecord): Promise<boolean> {
    const result = await this.#options.store.call.sessions.patch({
      sessionKey: session.sessionKey,
      archived: true,
      preserveActivity: true,
      expectedLifecycleRevision: session.lifecycleRevision,
      now: this.#options.clock.now(),
    });
    if ("refused" in result) return false;
    await this.#announce(result.session, "archive");
    return true;
  }

  /** Stops running turns, then starts the conversation afresh under the same key. */
  async reset(
    key: { sessionKey: string; agentId: string },
    options: { reason?: "new" | "reset"; expectedSessionId?: string } = {},
  ): Promise<SessionRecord> {
    const reason = options.reason ?? "reset";
    const before = await this.get(key.sessionKey);
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
    await this.#announce(result.session, reason);
    return result.session;
  }

  /** Stops running turns and removes the session; a large transcript goes in steps. */
  async delete(
    key: { sessionKey: string; agentId: string },
    options: {
      deleteTranscript?: boolean;
      expectedSessionId?: string;
      expectedLifecycleRevision?: string;
      expectedUpdatedAt?: number;
      archivedOnly?: boolean;
    } = {},
  ): Promise<{ deleted: boolean; archived: string[] }> {
    if (isMainSession(key.sessionKey, this.mainKey)) {
      throw new SluiceError("INVALID_REQUEST", "the main session cannot be deleted; reset it instead");
    }
    const before = await this.get(key.sessionKey);
    if (!before) return { deleted: false, archived: [] };
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
    const { sessionKey, agentId } = key;
    this.#changed.emit({ sessionKey, agentId, sessionId: before.sessionId, reason: "delete" });
    return { deleted: true, archived: deleteTranscript ? [] : [before.sessionId] };
  }

  /** Tells plugins of the sessions that were used since `sinceMs` that the gateway stops. */
  endUsed(reason: "shutdown" | "restart", sinceMs: number): Promise<void> {
    return this.#hooks.endUsed(reason, sinceMs);
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

  /** Changes a plugin's own state in a session. @throws like `SessionExtensions.patch` */
  async patchExtension(
    key: { sessionKey: string },
    change: { pluginId: string; namespace: string; value?: unknown; unset?: boolean },
  ): Promise<unknown> {
    const { extensions } = this.#options;
    if (!extensions) throw new SluiceError("UNAVAILABLE", "plugins keep no state here");
    const { session, value } = await extensions.patch({ sessionKey: key.sessionKey, ...change });
    await this.#announce(session, "plugin-patch");
    return value;
  }

  async #cleanUp(reason: "reset" | "delete", sessionKey: string): Promise<void> {
    this.#options.extensions?.forget(sessionKey);
    await this.#options.cleanUp?.(reason, { sessionKey });
  }

  async #announce(session: SessionRecord, reason: SessionChange["reason"]): Promise<void> {
    const { sessionKey, agentId, sessionId } = session;
    const row = this.row(session, await this.defaults(agentId));
    this.#changed.emit({ sessionKey, agentId, sessionId, reason, row });
  }
}

function refusal(reason: string, owner?: string): SluiceError<"INVALID_REQUEST"> {
  const text =
    reason === "label-taken"
      ? `the label is used by ${owner ?? "another session"}`
      : reason === "missing"
        ? "the session does not exist"
        : "the session has changed; read it again";
  return new SluiceError("INVALID_REQUEST", text, { details: { reason } });
}
