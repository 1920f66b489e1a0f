import { hostname } from "node:os";
import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { startAdvertising } from "./advertise.ts";
import { announcementOf } from "./announcement.ts";

/** `SLUICE_DISABLE_BONJOUR=1` silences the announcement whatever the configuration says. */
const DISABLE_VARIABLES = ["SLUICE_DISABLE_BONJOUR", "OPENCLAW_DISABLE_BONJOUR"];
/** Another host name for the announcement than the machine's. */
const HOST_VARIABLES = ["SLUICE_MDNS_HOSTNAME", "OPENCLAW_MDNS_HOSTNAME"];

export default definePluginEntry({
  id: "bonjour",
  name: "Bonjour",
  description: "Announces the gateway on the local network (mDNS).",
  configSchema: {
    type: "object",
    properties: { interface: { type: "string" } },
    additionalProperties: false,
  },
  register(api) {
    if (DISABLE_VARIABLES.some((name) => process.env[name] === "1")) return;
    api.registerGatewayDiscoveryService({
      id: "bonjour",
      advertise(context) {
        const host = HOST_VARIABLES.map((name) => process.env[name]?.trim()).find(Boolean) ?? hostname();
        const address = api.pluginConfig?.["interface"];
        const announcement = {
          ...announcementOf(context, host),
          ...(typeof address === "string" ? { interface: address } : {}),
        };
        return startAdvertising(announcement, workerFile(import.meta.url), api.logger);
      },
    });
  },
});

/** The worker is a built file, whether this one runs built (dist/extensions/bonjour) or as source. */
function workerFile(moduleUrl: string): URL {
  const built = /\/dist\/extensions\/bonjour\/[^/]+$/.test(new URL(moduleUrl).pathname);
  return new URL(
    built ? "./bonjour.worker.cjs" : "../../dist/extensions/bonjour/bonjour.worker.cjs",
    moduleUrl,
  );
}
