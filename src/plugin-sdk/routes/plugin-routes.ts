import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { PluginApi } from "../../contracts/plugin-api.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { PluginInstance } from "../../plugins/loading/instance.ts";
import { pluginScope } from "../../plugins/loading/plugin-scope.ts";
import { canonicalPaths } from "../../protocol/route-path.ts";
import { resolveGlobalMap } from "../values/collections.ts";

/** HTTP routes that a running plugin opens and closes again. */

const instances = () =>
  resolveGlobalMap<string, PluginInstance>(Symbol.for("sluice.plugin-sdk.plugin-instances"));

/** Remembers the plugin that registers now: its accounts may open routes from where nobody knows whose code runs. */
export function rememberPluginApi(api: Pick<PluginApi, "id" | "registrationMode">): void {
  const instance = pluginScope().getStore();
  if (instance && api.registrationMode === "full") instances().set(api.id, instance);
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<unknown> | unknown;

interface OpenRoute {
  source: string | undefined;
  registered: Disposable;
  /** How many opened it; it closes with the last of them. */
  users: number;
}

const OPEN = Symbol.for("sluice.plugin-sdk.open-routes");

/** The routes that an instance has open, by place. */
function openRoutesOf(instance: PluginInstance): Map<string, OpenRoute> {
  const holder = instance as { [OPEN]?: Map<string, OpenRoute> };
  holder[OPEN] ??= new Map();
  return holder[OPEN];
}

export function normalizePluginHttpPath(path?: string | null, fallback?: string | null): string | null {
  const chosen = path?.trim() || fallback?.trim();
  if (!chosen) return null;
  return chosen.startsWith("/") ? chosen : `/${chosen}`;
}

export interface PluginHttpRouteParams {
  path?: string | null;
  fallbackPath?: string | null;
  handler: Handler;
  auth: "gateway" | "plugin";
  match?: "exact" | "prefix";
  handleUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): unknown;
  /** Whose route it is; without it that of the plugin whose code runs. */
  pluginId?: string;
  accountId?: string;
  /** Which part of the plugin opens it; only the same part replaces or shares it. */
  source?: string;
  /** Takes the place of the route that the same source has open there. */
  replaceExisting?: boolean;
  /** Shares the route that the same source has open there; it closes with the last that opened it. */
  reuseExistingSameOwner?: boolean;
  log?(message: string): void;
  /** Throws instead of giving back a function without effect. */
  throwOnFailure?: boolean;
  [extra: string]: unknown;
}

/** Opens a route while the plugin runs; the result closes it. A refusal is logged. */
export function registerPluginHttpRoute(params: PluginHttpRouteParams): () => void {
  const path = normalizePluginHttpPath(params.path, params.fallbackPath);
  const opened = path === null ? "it has no path" : openOrSay(params, path);
  if (typeof opened === "function") return opened;
  const message = `the HTTP route of ${params.source ?? "a plugin"} was not registered: ${opened}`;
  params.log?.(message);
  if (params.throwOnFailure) throw new Error(message);
  return () => {};
}

function openOrSay(params: PluginHttpRouteParams, path: string): (() => void) | string {
  try {
    return open(params, path);
  } catch (error) {
    return errorMessage(error);
  }
}

/** @returns what closes the route, or why it is not open */
function open(params: PluginHttpRouteParams, path: string): (() => void) | string {
  const running = pluginScope().getStore();
  const id = params.pluginId ?? running?.pluginId;
  const instance = running?.pluginId === id ? running : instances().get(id ?? "");
  if (!instance?.registerLater || instance.retired) return `plugin "${id ?? "?"}" is not loaded`;
  const { source, match = "exact" } = params;
  const routes = openRoutesOf(instance);
  const place = `${match} ${canonicalPaths(path)?.at(-1) ?? path}`;
  const known = routes.get(place);
  if (known && known.source !== source) return `${path} is open for ${known.source ?? "another part of it"}`;
  if (known && params.reuseExistingSameOwner) {
    known.users += 1;
    return closing(routes, place, known);
  }
  if (known && !params.replaceExisting) return `${path} is open already`;
  void known?.registered.dispose();
  const { handler, handleUpgrade, auth, gatewayRuntimeScopeSurface } = params;
  const route = {
    path,
    auth,
    match,
    handler,
    ...(handleUpgrade ? { handleUpgrade } : {}),
    ...(gatewayRuntimeScopeSurface === undefined ? {} : { gatewayRuntimeScopeSurface }),
  };
  const registered = instance.registerLater("registerHttpRoute", [route]);
  if (typeof registered === "string") {
    routes.delete(place);
    return registered;
  }
  const made: OpenRoute = { source, registered, users: 1 };
  routes.set(place, made);
  return closing(routes, place, made);
}

function closing(routes: Map<string, OpenRoute>, place: string, route: OpenRoute): () => void {
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    route.users -= 1;
    if (route.users > 0 || routes.get(place) !== route) return;
    routes.delete(place);
    void route.registered.dispose();
  };
}
