import type { Scope } from "../kernel/scope.ts";
import type { EventLog } from "./events/event-log.ts";
import type { GatewayServices } from "./services.ts";

/** How long open turns and sends may take when the gateway stops. */
export const DEFAULT_STOP_LIMIT_MS = 10_000;

/**
 * Stops in the order in which work flows (spec 14.5): no new messages, then turns, then what they answered,
 * then everything else. What does not end in time stays in its rows for the next start.
 */
export async function shutDown(
  services: GatewayServices,
  parts: {
    reason: string;
    limitMs: number;
    hookContext: object;
    eventLog: EventLog;
    scope: Scope;
  },
): Promise<void> {
  const { hub, hooks, channels, agent, logger, sessions, facts } = services;
  const { reason, limitMs, hookContext, eventLog, scope } = parts;
  logger.info("the gateway is stopping", { reason });
  hub.publish("shutdown", { reason });
  await hooks.run("gateway_stop", { reason }, hookContext).catch(() => {});
  await channels.stopIntake().catch((error) => logger.warn("messages did not settle", { error }));
  await agent.drain(limitMs).catch((error) => logger.warn("turns did not drain", { error }));
  await sessions.endUsed(/restart/i.test(reason) ? "restart" : "shutdown", facts.startedAt);
  // Last, so that the answers of turns that just ended still go out.
  await channels.drain(limitMs).catch((error) => logger.warn("channels did not drain", { error }));
  await eventLog.flush();
  await scope.dispose();
}
