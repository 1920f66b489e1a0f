import type { OperatorScope } from "./scopes.ts";

/** How an event travels (spec 6.1, 6.2, 1.7). */
export interface EventRule {
  /** The scope an operator must hold; `null`: every connection, nodes included. */
  readonly guard: OperatorScope | null;
  /** A slow reader loses it (and sees the gap in `seq`); otherwise a slow reader is closed. */
  readonly droppable: boolean;
  /** Kept in the event log before it is sent, so that a client can catch up after a reconnect. */
  readonly logged: boolean;
}

const rule = (guard: OperatorScope | null, droppable: boolean, logged = false): EventRule => ({
  guard,
  droppable,
  logged,
});

/** The events this gateway sends. A name that is not here (and no plugin's) is delivered to nobody. */
export const EVENT_RULES: Readonly<Record<string, EventRule>> = {
  tick: rule(null, false),
  health: rule(null, false),
  shutdown: rule(null, false),
  presence: rule("operator.read", true),
  chat: rule("operator.read", true),
  "chat.metadata.changed": rule("operator.sessions.read", true),
  agent: rule("operator.read", false),
  "session.message": rule("operator.read", false, true),
  "session.tool": rule("operator.read", true),
  "sessions.changed": rule("operator.read", true, true),
  "config.changed": rule("operator.read", true, true),
  "plugins.changed": rule("operator.read", true, true),
  "plugin.approval.requested": rule("operator.approvals", true, true),
  "plugin.approval.resolved": rule("operator.approvals", true, true),
  "device.pair.requested": rule("operator.pairing", true, true),
  "device.pair.resolved": rule("operator.pairing", true, true),
  "device.pair.changed": rule("operator.pairing", true, true),
};

/** Names told to clients in `hello-ok.features.events`. */
export const ADVERTISED_EVENTS: readonly string[] = [
  "connect.challenge",
  ...Object.keys(EVENT_RULES).filter((name) => name !== "config.changed"),
];

/** States of a `chat` event that end a run; they are logged and never dropped. */
const TERMINAL_CHAT_STATES = new Set(["final", "error", "aborted"]);

/** Plugins name their events `plugin.<id>.<event>`; `guard` defaults to `operator.write`. */
export const PLUGIN_EVENT_PREFIX = "plugin.";

/**
 * The rule for one event.
 *
 * @param pluginGuard the scope a plugin chose for its own event
 * @returns `undefined` for a name nobody may receive
 */
export function eventRule(
  event: string,
  payload: unknown,
  pluginGuard: OperatorScope = "operator.write",
): EventRule | undefined {
  if (event === "chat" && TERMINAL_CHAT_STATES.has(String((payload as { state?: unknown })?.state))) {
    return rule("operator.read", false, true);
  }
  const known = EVENT_RULES[event];
  if (known) return known;
  return event.startsWith(PLUGIN_EVENT_PREFIX) ? rule(pluginGuard, true) : undefined;
}
