import type { Scope } from "../../kernel/scope.ts";
import { displayMessage } from "../../runtime/sessions/index.ts";
import type { GatewayServices } from "../services.ts";
import { RunProjector } from "./run-projector.ts";
import { type Display, tellTranscripts } from "./transcript-events.ts";
import { TurnRows } from "./turn-rows.ts";

/** Turns what happens in the rooms below into events for clients. */
export function publishEvents(services: GatewayServices, scope: Scope): void {
  const { agent, hub, clock, sessions, config, registry } = services;
  scope.use(new RunProjector({ hub, clock }).follow(agent), "run projector");
  const display: Display = ({ entry }) => displayMessage(entry);
  scope.use(tellTranscripts(agent, hub, display), "transcript listener");
  scope.use(agent.writeEvents(new TurnRows(hub, display)), "events of turns");
  scope.use(
    sessions.onChanged(({ row, ...change }) =>
      hub.publish(
        "sessions.changed",
        { ...change, ts: clock.now(), ...(row ? { session: row } : {}) },
        { sessionKey: change.sessionKey },
      ),
    ),
    "session listener",
  );
  scope.use(
    config.onChange(({ path, hash }) => hub.publish("config.changed", { path, hash, ts: clock.now() })),
    "configuration listener",
  );
  scope.use(
    registry.onChange((next) => hub.publish("plugins.changed", { generation: next.id })),
    "registry listener",
  );
}
