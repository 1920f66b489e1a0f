import type { NextTurnInjection } from "../../contracts/capabilities.ts";
import type { Clock } from "../../kernel/clock.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Store } from "../../store/index.ts";
import type { InjectionPlacement, InjectionRecord } from "../../store/procedures/injections.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";

/** Sessions remembered for injections queued while their turn runs; what waits at a turn's start is in its row. */
export const MAX_FRESH_SESSIONS = 1_000;

/** An injection as `agent_turn_prepare` sees it. */
export interface QueuedInjection {
  id: string;
  pluginId: string;
  text: string;
  placement: InjectionPlacement;
  createdAt: number;
  metadata?: unknown;
}

export interface NextTurnInjectionsOptions {
  store: Store;
  clock: Clock;
  /** Whether a plugin is loaded and may change prompts now. */
  mayInject(pluginId: string): boolean;
  /** The canonical key of a session as a plugin wrote it. @throws SluiceError `INVALID_REQUEST` */
  sessionKey(raw: string, agentId?: string): string;
}

/**
 * Context that plugins queue for the next turn of a session (plugin-sdk spec 3.19): durable, and handed to
 * exactly one turn. Validation of what plugins pass lies in front of this, with the plugin's own calls.
 */
export class NextTurnInjections {
  readonly #options: NextTurnInjectionsOptions;
  /** Sessions that got one since their turn began: a command may queue what the turn it is part of takes. */
  readonly #fresh = new Set<string>();

  constructor(options: NextTurnInjectionsOptions) {
    this.#options = options;
  }

  async enqueue(
    pluginId: string,
    injection: NextTurnInjection,
  ): Promise<{ enqueued: boolean; id: string; sessionKey: string }> {
    const { store, clock } = this.#options;
    const { text, ttlMs, metadata, idempotencyKey } = injection;
    const sessionKey = this.#keyOf(injection);
    if (sessionKey === undefined) return { enqueued: false, id: "", sessionKey: injection.sessionKey };
    const { enqueued, id } = await store.call.injections.enqueue({
      injectionId: idempotencyKey ?? newUuid(),
      pluginId,
      sessionKey,
      text,
      placement: injection.placement ?? "prepend_context",
      now: clock.now(),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    if (enqueued) this.#remember(sessionKey);
    return { enqueued, id, sessionKey };
  }

  /** What the running turn gets; the same after a restart of the turn. Reads nothing when nothing waits. */
  async take(begun: BegunTurn): Promise<readonly QueuedInjection[]> {
    const { store, clock, mayInject } = this.#options;
    const { runId, sessionKey } = begun.turn;
    if (!this.#fresh.delete(sessionKey) && !begun.injections) return [];
    const taken = await store.call.injections.take({ runId, sessionKey, now: clock.now() });
    const silenced = [...new Set(taken.map(({ pluginId }) => pluginId))].filter((id) => !mayInject(id));
    if (silenced.length > 0) {
      const reason = "plugin-inactive";
      await store.call.injections.reject({ runId, pluginIds: silenced, reason, now: clock.now() });
    }
    return taken.filter(({ pluginId }) => !silenced.includes(pluginId)).map(shown);
  }

  #remember(sessionKey: string): void {
    this.#fresh.add(sessionKey);
    const oldest = this.#fresh.values().next().value;
    if (this.#fresh.size > MAX_FRESH_SESSIONS && oldest !== undefined) this.#fresh.delete(oldest);
  }

  #keyOf({ sessionKey, agentId }: NextTurnInjection): string | undefined {
    try {
      return this.#options.sessionKey(sessionKey, agentId);
    } catch {
      return undefined;
    }
  }
}

function shown({ id, pluginId, text, placement, createdAt, metadata }: InjectionRecord): QueuedInjection {
  return { id, pluginId, text, placement, createdAt, ...(metadata === undefined ? {} : { metadata }) };
}

/** The texts of one placement, in the order they were queued. */
export function injectedText(
  injections: readonly QueuedInjection[],
  placement: InjectionPlacement,
): string | undefined {
  const texts = injections.filter((one) => one.placement === placement).map(({ text }) => text);
  return texts.length > 0 ? texts.join("\n\n") : undefined;
}
