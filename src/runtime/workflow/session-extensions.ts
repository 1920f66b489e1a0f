import type { SessionExtension } from "../../contracts/capabilities.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { pluginScope } from "../../plugins/loading/plugin-scope.ts";
import { isJsonValue } from "../../plugins/registry/json-value.ts";
import type { RegistryGeneration, RegistryReader } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import { extensionState } from "../../store/procedures/session-extensions.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";

/** One value of a plugin as session rows show it. */
export interface ProjectedExtension {
  pluginId: string;
  namespace: string;
  value: unknown;
}

/** Sessions whose newest state is remembered for tools that run while it changes. */
export const MAX_REMEMBERED_SESSIONS = 1_000;

export interface SessionExtensionsOptions {
  store: Store;
  registry: Pick<RegistryReader, "current">;
  clock: Clock;
  logger: Logger;
}

/** JSON state of plugins in sessions: changed by operators, shown in rows, read by hooks (plugin-sdk spec 3.19). */
export class SessionExtensions {
  readonly #options: SessionExtensionsOptions;
  readonly #newest = new Map<string, Readonly<Record<string, unknown>>>();

  /** Slots by plugin, from before it went: then the registry no longer knows them. */
  readonly #slotsOf = new Map<string, string[]>();

  constructor(options: SessionExtensionsOptions) {
    this.#options = options;
  }

  /** Entry fields that mirror projected values. */
  slots(): string[] {
    return this.#list().flatMap(({ value }) => value.sessionEntrySlotKey ?? []);
  }

  /** Remembers the slots of a generation that is being replaced. */
  noteSlots(previous: RegistryGeneration): void {
    for (const { value, pluginId } of previous.list<SessionExtension>("sessionExtension")) {
      if (value.sessionEntrySlotKey === undefined) continue;
      const known = this.#slotsOf.get(pluginId) ?? [];
      this.#slotsOf.set(pluginId, [...new Set([...known, value.sessionEntrySlotKey])]);
    }
  }

  /**
   * Sets or, with `unset`, removes one value of a session.
   *
   * @throws SluiceError `INVALID_REQUEST` for an unknown namespace or session, or a value that is no JSON
   */
  async patch(input: {
    sessionKey: string;
    pluginId: string;
    namespace: string;
    value?: unknown;
    unset?: boolean;
  }): Promise<{ session: SessionRecord; value: unknown }> {
    const { sessionKey, pluginId, namespace, unset } = input;
    const { store, clock } = this.#options;
    const extension = this.#find(pluginId, namespace);
    if (!extension) throw invalid(`unknown plugin session extension: ${pluginId}/${namespace}`);
    if (unset !== true && !isJsonValue(input.value)) throw invalid("value must be JSON within the limits");
    const value = unset === true ? undefined : input.value;
    const before = await store.call.sessions.get({ sessionKey });
    if (!before) throw invalid(`unknown session: ${sessionKey}`);
    const slotKey = extension.sessionEntrySlotKey;
    const projected =
      value === undefined || slotKey === undefined
        ? undefined
        : this.#project(pluginId, extension, before, value);
    const session = await store.call.sessionExtensions.patch({
      sessionKey,
      pluginId,
      namespace,
      now: clock.now(),
      ...(value === undefined ? {} : { value }),
      ...(slotKey === undefined
        ? {}
        : { slot: { key: slotKey, ...(projected === undefined ? {} : { value: projected }) } }),
    });
    if (!session) throw invalid(`unknown session: ${sessionKey}`);
    this.#remember(session);
    return { session, value };
  }

  /** What clients see of a session's state; `undefined` when there is nothing. */
  projected(session: SessionRecord): ProjectedExtension[] | undefined {
    if (session.entry["pluginExtensions"] === undefined) return undefined;
    const shown: ProjectedExtension[] = [];
    for (const [pluginId, namespaces] of Object.entries(extensionState(session.entry))) {
      for (const [namespace, state] of Object.entries(namespaces)) {
        const extension = this.#find(pluginId, namespace);
        const value = extension && this.#project(pluginId, extension, session, state);
        if (value !== undefined) shown.push({ pluginId, namespace, value });
      }
    }
    return shown.length > 0 ? shown : undefined;
  }

  /** `getSessionExtension` of tool hooks: a copy of the calling plugin's own state. */
  readerFor(session: SessionRecord): (namespace: string) => unknown {
    return (namespace) => {
      const pluginId = pluginScope().getStore()?.pluginId;
      if (pluginId === undefined) return undefined;
      const entry = this.#newest.get(session.sessionKey) ?? session.entry;
      return structuredClone(extensionState(entry)[pluginId]?.[namespace]);
    };
  }

  /** The session was reset or is gone. */
  forget(sessionKey: string): void {
    this.#newest.delete(sessionKey);
  }

  /** Removes what a disabled plugin left in all sessions. */
  async forgetPlugin(pluginId: string): Promise<void> {
    const slots = this.#slotsOf.get(pluginId) ?? [];
    this.#slotsOf.delete(pluginId);
    this.#newest.clear();
    for (let afterKey: string | undefined; ; ) {
      const { next } = await this.#options.store.call.sessionExtensions.forgetPlugin({
        pluginId,
        slots,
        ...(afterKey === undefined ? {} : { afterKey }),
      });
      if (next === undefined) return;
      afterKey = next;
    }
  }

  #project(pluginId: string, extension: SessionExtension, session: SessionRecord, state: unknown): unknown {
    if (!extension.project) return state;
    const { sessionKey, sessionId } = session;
    try {
      const value: unknown = extension.project({ sessionKey, sessionId, state: structuredClone(state) });
      if (value === undefined || isJsonValue(value)) return value;
      throw new TypeError("project() must return JSON at once");
    } catch (error) {
      this.#options.logger.warn("a session extension could not be projected and is hidden", {
        plugin: pluginId,
        namespace: extension.namespace,
        error: errorMessage(error),
      });
      return undefined;
    }
  }

  #remember(session: SessionRecord): void {
    this.#newest.delete(session.sessionKey);
    this.#newest.set(session.sessionKey, session.entry);
    const oldest = this.#newest.keys().next().value;
    if (this.#newest.size > MAX_REMEMBERED_SESSIONS && oldest !== undefined) this.#newest.delete(oldest);
  }

  #find(pluginId: string, namespace: string): SessionExtension | undefined {
    return this.#options.registry.current().get<SessionExtension>("sessionExtension", namespace, pluginId)
      ?.value;
  }

  #list() {
    return this.#options.registry.current().list<SessionExtension>("sessionExtension");
  }
}

function invalid(message: string): SluiceError<"INVALID_REQUEST"> {
  return new SluiceError("INVALID_REQUEST", message);
}
