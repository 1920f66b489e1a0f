/** Messages that wait to be sent. */
import type { SdkDelivery } from "../contracts/sdk-services.ts";
import { errorMessage } from "../kernel/errors.ts";
import { requireServices } from "./ambient/host.ts";

/**
 * Has the messages that wait for a channel sent, when its connection is back. The gateway does so by itself as
 * soon as the account says that it is connected, and keeps their order; this also ends the pause after earlier
 * failures for those with `bypassBackoff`. One call per `drainKey` at a time; the messages leave after it.
 *
 * @example
 * await drainPendingDeliveries({ drainKey: "chat:default", cfg,
 *   selectEntry: (entry) => ({ match: entry.channel === "chat", bypassBackoff: true }) });
 */
export async function drainPendingDeliveries(params: {
  drainKey: string;
  /** Stands before what is logged. */
  logLabel?: string;
  cfg?: unknown;
  log?: { info?(message: string): void; warn?(message: string): void };
  selectEntry(entry: SdkDelivery): { match: boolean; bypassBackoff?: boolean };
}): Promise<void> {
  const running = drains();
  if (running.has(params.drainKey)) return;
  running.add(params.drainKey);
  try {
    const count = await requireServices("sending what waits").deliveries.hasten((entry) => {
      const { match, bypassBackoff } = params.selectEntry(entry);
      if (!match) return "leave";
      return bypassBackoff ? "now" : "when-due";
    });
    if (count > 0) params.log?.info?.(`${params.logLabel ?? params.drainKey}: ${count} waiting`);
  } catch (error) {
    params.log?.warn?.(`${params.logLabel ?? params.drainKey}: ${errorMessage(error)}`);
    throw error;
  } finally {
    running.delete(params.drainKey);
  }
}

function drains(): Set<string> {
  const slots = globalThis as unknown as Record<symbol, Set<string> | undefined>;
  const symbol = Symbol.for("sluice.plugin-sdk.drains");
  slots[symbol] ??= new Set();
  return slots[symbol];
}
