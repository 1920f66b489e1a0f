import type { IncomingMessage, ServerResponse } from "node:http";
import type { PluginApi } from "../../contracts/plugin-api.ts";
import { resolveGlobalMap } from "../values/collections.ts";

/** HTTP routes that a running account opens and closes again. */

const apis = () => resolveGlobalMap<string, PluginApi>(Symbol.for("sluice.plugin-sdk.plugin-apis"));

/** Remembers the `api` of a plugin whose accounts may register routes later. */
export function rememberPluginApi(api: PluginApi): void {
  if (api.registrationMode === "full") apis().set(api.id, api);
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<unknown> | unknown;

interface OpenRoute {
  api: PluginApi;
  handler: Handler | undefined;
}

const routes = () => resolveGlobalMap<string, OpenRoute>(Symbol.for("sluice.plugin-sdk.account-routes"));

export function normalizePluginHttpPath(path?: string | null, fallback?: string | null): string | null {
  const chosen = path?.trim() || fallback?.trim();
  if (!chosen) return null;
  return chosen.startsWith("/") ? chosen : `/${chosen}`;
}

/**
 * Opens a route of a running account; the result closes it. The path stays the plugin's: a closed route
 * answers 404 until the account opens it again.
 */
export function registerPluginHttpRoute(params: {
  path?: string | null;
  fallbackPath?: string | null;
  handler: Handler;
  auth: "gateway" | "plugin";
  match?: "exact" | "prefix";
  pluginId?: string;
  accountId?: string;
  source?: string;
  log?(message: string): void;
  throwOnFailure?: boolean;
  [extra: string]: unknown;
}): () => void {
  const path = normalizePluginHttpPath(params.path, params.fallbackPath);
  const api = apis().get(params.pluginId ?? "");
  if (path === null || !api) {
    const reason = path === null ? "it has no path" : `plugin "${params.pluginId ?? "?"}" is not loaded`;
    const message = `the HTTP route of ${params.source ?? "a plugin"} was not registered: ${reason}`;
    params.log?.(message);
    if (params.throwOnFailure) throw new Error(message);
    return () => {};
  }
  const key = `${api.id} ${path}`;
  const known = routes().get(key);
  const route: OpenRoute = known?.api === api ? known : { api, handler: undefined };
  route.handler = params.handler;
  if (known !== route) {
    routes().set(key, route);
    api.registerHttpRoute({
      path,
      auth: params.auth,
      ...(params.match ? { match: params.match } : {}),
      replaceExisting: true,
      handler: async (request, response) => {
        if (!route.handler) {
          response.writeHead(404).end();
          return true;
        }
        await route.handler(request, response);
        return true;
      },
    });
  }
  return () => {
    if (route.handler === params.handler) route.handler = undefined;
  };
}
