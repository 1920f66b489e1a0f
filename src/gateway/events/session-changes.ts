import type { SessionsChangedEvent } from "../../contracts/registrations.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { EventHub } from "./hub.ts";

const FACTS = ["sessionKey", "agentId", "sessionId", "reason", "phase", "runId", "ts"] as const;

/** Tells services of plugins what clients hear as `sessions.changed`, without the session's row (plugin-sdk 3.11). */
export function followSessions(hub: EventHub, listener: (event: SessionsChangedEvent) => void): Disposable {
  return hub.onPublished(({ event, payload }) => {
    if (event !== "sessions.changed") return;
    const told = payload as Record<string, unknown>;
    listener(
      Object.fromEntries(FACTS.flatMap((fact) => (told[fact] === undefined ? [] : [[fact, told[fact]]]))),
    );
  });
}
