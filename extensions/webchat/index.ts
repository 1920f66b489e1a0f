import { fileURLToPath } from "node:url";
import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { servePage } from "./page-routes.ts";

export default definePluginEntry({
  id: "webchat",
  name: "Web chat",
  description: "Serves the chat page at / of the gateway's port.",
  register(api) {
    const gateway = api.config["gateway"] as { controlUi?: { enabled?: boolean } } | undefined;
    if (gateway?.controlUi?.enabled === false) return;
    const folder = pageFolder(import.meta.url);
    for (const route of [
      { path: "/", match: "exact" },
      { path: "/webchat", match: "prefix" },
    ] as const) {
      // The files are the same for everybody; what they show needs the token in the WebSocket handshake.
      api.registerHttpRoute({
        ...route,
        auth: "plugin",
        handler: (request, response) => servePage(folder, request, response),
      });
    }
  },
});

/** The built page lies in dist/ui, whether this file runs built (dist/extensions/webchat) or as source. */
function pageFolder(moduleUrl: string): string {
  const built = /\/dist\/extensions\/webchat\/[^/]+$/.test(new URL(moduleUrl).pathname);
  return fileURLToPath(new URL(built ? "../../ui" : "../../dist/ui", moduleUrl));
}
