import type { Scope } from "../kernel/scope.ts";
import { HEALTH_REFRESH_MS, TICK_INTERVAL_MS } from "../protocol/limits.ts";
import { SessionMaintenance } from "../runtime/sessions/index.ts";
import type { GatewayServices } from "./services.ts";

/** Bounded upkeep of the store happens this often. */
export const MAINTENANCE_PERIOD_MS = 30_000;

/** Starts what the gateway does by the clock: ticks, health, upkeep of the store and of sessions. */
export function runUpkeep(services: GatewayServices, scope: Scope): void {
  const { clock, hub, presence, health, store, logger, sessions, config } = services;
  scope.use(
    clock.every(TICK_INTERVAL_MS, () => {
      presence.sweep();
      hub.publish("tick", { ts: clock.now() });
    }),
    "tick",
  );
  const refresh = () =>
    void health.refresh().catch((error) => logger.warn("the health check failed", { error }));
  scope.use(clock.every(HEALTH_REFRESH_MS, refresh), "health timer");
  const maintain = () =>
    void store.maintain().catch((error) => logger.warn("the store's upkeep failed", { error }));
  scope.use(clock.every(MAINTENANCE_PERIOD_MS, maintain), "store upkeep");
  const maintenance = new SessionMaintenance({ sessions, store, config, clock, logger });
  scope.use(maintenance, "upkeep of sessions").start();
}
