import type { LegacyHookEvent, LegacyHookRegistration } from "../../contracts/registrations.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RegistryEntry, RegistryReader } from "../types.ts";

/** A colon event before it is told: the teller has no list of reply texts. */
export type LegacyAnnouncement = Omit<LegacyHookEvent, "messages" | "timestamp"> & { timestamp?: Date };

/** How long a handler may take before the next one is asked; who told the event waits for all of them. */
export const LEGACY_HANDLER_LIMIT_MS = 15_000;
/** How long the same message is not announced a second time, in milliseconds. */
export const REPEAT_WINDOW_MS = 60_000;
/** Announced messages that are remembered; the oldest goes first. */
export const MAX_REMEMBERED_MESSAGES = 2_048;

type Fields = Readonly<Record<string, unknown>>;

/** Colon events that go with a typed hook, so that both are told from one place (spec 3.6). */
const OF_TYPED_HOOK: Readonly<Record<string, { type: LegacyHookEvent["type"]; action: string }>> = {
  message_received: { type: "message", action: "received" },
  message_sent: { type: "message", action: "sent" },
  before_compaction: { type: "session", action: "compact:before" },
  after_compaction: { type: "session", action: "compact:after" },
  gateway_start: { type: "gateway", action: "startup" },
};

/**
 * Tells colon events (`command:new`, `message:sent`…) to the handlers of `api.registerHook` (spec 3.6).
 * A handler of `command` hears every `command:*`. Failures are logged.
 *
 * A plugin that delivers by itself announces a message which the host's own path announces too; the second
 * announcement of one platform message is dropped.
 */
export class LegacyEvents {
  readonly #registry: RegistryReader;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #told = new Map<string, number>();

  constructor(registry: RegistryReader, clock: Clock, logger: Logger) {
    this.#registry = registry;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether somebody listens to the colon event that goes with a typed hook. */
  follows(hook: string): boolean {
    const row = OF_TYPED_HOOK[hook];
    return row !== undefined && this.#listeners(row.type, row.action).length > 0;
  }

  /** Tells the colon event that goes with a typed hook, if there is one. */
  async follow(
    hook: string,
    event: object,
    context: object,
    concerns: (pluginId: string) => boolean,
  ): Promise<void> {
    const row = OF_TYPED_HOOK[hook];
    if (!row) return;
    const fields: Fields = { ...context, ...event };
    const { sessionKey, config, abortSignal, ...rest } = fields;
    const told = {
      ...row,
      sessionKey: typeof sessionKey === "string" ? sessionKey : "",
      context: row.type === "gateway" ? { ...rest, cfg: config } : rest,
    };
    await this.announce(told, concerns);
  }

  /** Resolves with the reply texts that the handlers left; what they changed in the context stays in it. */
  async announce(
    event: LegacyAnnouncement,
    concerns: (pluginId: string) => boolean = () => true,
  ): Promise<readonly string[]> {
    const listeners = this.#listeners(event.type, event.action).filter(({ pluginId }) => concerns(pluginId));
    if (listeners.length === 0 || this.#isRepeated(event)) return [];
    const messages: string[] = [];
    for (const { value, pluginId } of listeners) {
      const context: Record<string, unknown> = { ...event.context, pluginConfig: value.pluginConfig };
      try {
        const told = value.handler({
          type: event.type,
          action: event.action,
          sessionKey: event.sessionKey,
          context,
          timestamp: event.timestamp ?? new Date(this.#clock.now()),
          messages,
        });
        await withDeadline(Promise.resolve(told), LEGACY_HANDLER_LIMIT_MS, "the handler", this.#clock);
        const { pluginConfig: _own, ...left } = context;
        if (event.context && !Object.isFrozen(event.context)) Object.assign(event.context, left);
      } catch (error) {
        this.#logger.warn(`hook "${value.name}" of plugin "${pluginId}" failed`, {
          error: errorMessage(error),
        });
      }
    }
    // A handler that is late has nothing to add to an answer that is given.
    return [...messages];
  }

  #listeners(type: string, action: string): readonly RegistryEntry<LegacyHookRegistration>[] {
    const rows = this.#registry.current().list<LegacyHookRegistration>("hook");
    if (rows.length === 0) return rows;
    const name = `${type}:${action}`;
    return rows.filter(
      ({ value }) => value.dispatched && (value.events.includes(name) || value.events.includes(type)),
    );
  }

  #isRepeated(event: LegacyAnnouncement): boolean {
    const { channelId, accountId, conversationId, messageId } = event.context as Fields;
    if (event.type !== "message" || typeof messageId !== "string" || messageId === "") return false;
    const key = JSON.stringify([event.action, channelId, accountId ?? null, conversationId, messageId]);
    const now = this.#clock.now();
    const last = this.#told.get(key);
    this.#told.delete(key);
    this.#told.set(key, now);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MAX_REMEMBERED_MESSAGES) break;
      this.#told.delete(oldest);
    }
    return last !== undefined && now - last < REPEAT_WINDOW_MS;
  }
}
