import { shownClient } from "./connection/client-names.ts";
import type { Connection } from "./connection/connection.ts";
import type { Presence } from "./presence.ts";

/** Modes whose clients are shown to others; one-shot callers are not (spec 2.9). */
const SHOWN_MODES = new Set(["ui", "webchat", "node"]);

/** A presence entry is found again by device, else by instance, else by connection. */
export function presenceKey(connection: Connection): string {
  return connection.deviceId ?? connection.client.instanceId ?? connection.connId;
}

/** Shows a client that has just connected, when its kind is shown at all. */
export function notePresence(presence: Presence, connection: Connection): void {
  const { client, connectParams } = connection;
  if (!SHOWN_MODES.has(client.mode)) return;
  const name = client.displayName ?? client.id;
  const info = connectParams && shownClient(connectParams.client);
  const kind = connection.role === "node" ? "Node" : "Client";
  presence.upsert(presenceKey(connection), {
    host: name,
    clientId: client.id,
    version: client.version,
    platform: client.platform,
    ...(info?.deviceFamily === undefined ? {} : { deviceFamily: info.deviceFamily }),
    ...(info?.modelIdentifier === undefined ? {} : { modelIdentifier: info.modelIdentifier }),
    ...(info?.timeZone === undefined ? {} : { timeZone: info.timeZone }),
    mode: client.mode,
    roles: [connection.role],
    ...(connection.deviceId === undefined ? {} : { deviceId: connection.deviceId }),
    instanceId: client.instanceId ?? connection.deviceId ?? connection.connId,
    reason: "connect",
    text: `${kind}: ${name} · mode ${client.mode}`,
  });
}
