import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { ListSessionsInput } from "../../store/procedures/session-listing.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import { defaultAgentId, mainKey } from "../agent/settings.ts";
import { checkedPatch } from "./checked-patch.ts";
import { previewItem } from "./display.ts";
import { type HistoryDelta, type HistoryPage, readDelta, readHistory } from "./history.ts";
import { refusal } from "./refusal.ts";
import { SessionEnds } from "./session-ends.ts";
import { SessionHooks } from "./session-hooks.ts";
import { canonicalSessionKey, isMainSession } from "./session-key.ts";
import { type SessionDefaults, type SessionRow, sessionRow } from "./session-row.ts";
import type {
  DeleteOptions,
  ResetOptions,
  SessionAddress,
  SessionChange,
  SessionChanges,
  SessionsOptions,
} from "./types.ts";

/** Sessions one request for previews may name; more are left out. */
export const MAX_PREVIEW_KEYS = 64;

/** Sessions for the floors above: keys, rows, pages, changes. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #hooks: SessionHooks;
  readonly #ends: SessionEnds;
  readonly #changed: Emitter<SessionChange>;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#hooks = new SessionHooks(options);
    this.#ends = new SessionEnds(options, this.#hooks);
    this.#changed = new Emitter((error) =>
      options.logger.warn("a listener of session changes failed", { error: errorMessage(error) }),
    );
  }

  onChanged(listener: (change: SessionChange) => void): Disposable {
    return this.#changed.on(listener);
  }

  /** The canonical key of a request. @throws SluiceError `INVALID_REQUEST` */
  key(raw: string, agentId?: string): SessionAddress {
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
  async patch(key: SessionAddress, changes: SessionChanges): Promise<SessionRecord> {
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
  async reset(key: SessionAddress, options: ResetOptions = {}): Promise<SessionRecord> {
    const session = await this.#ends.reset(key, options);
    await this.#announce(session, options.reason ?? "reset");
    return session;
  }

  /** Stops running turns and removes the session. @throws SluiceError `INVALID_REQUEST` for the main session */
  async delete(
    key: SessionAddress,
    options: DeleteOptions = {},
  ): Promise<{ deleted: boolean; archived: string[] }> {
    if (isMainSession(key.sessionKey, this.mainKey)) {
      throw new SluiceError("INVALID_REQUEST", "the main session cannot be deleted; reset it instead");
    }
    const removed = await this.#ends.delete(key, options);
    if (!removed) return { deleted: false, archived: [] };
    const { sessionKey, agentId } = key;
    const { sessionId } = removed;
    this.#changed.emit({ sessionKey, agentId, sessionId, reason: "delete" });
    return { deleted: true, archived: (options.deleteTranscript ?? true) ? [] : [sessionId] };
  }

  /** Tells plugins of the sessions that were used since `sinceMs` that the gateway stops. */
  endUsed(reason: "shutdown" | "restart", sinceMs: number): Promise<void> {
    return this.#hooks.endUsed(reason, sinceMs);
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

  async #announce(session: SessionRecord, reason: SessionChange["reason"]): Promise<void> {
    const { sessionKey, agentId, sessionId } = session;
    const row = this.row(session, await this.defaults(agentId));
    this.#changed.emit({ sessionKey, agentId, sessionId, reason, row });
  }
}
