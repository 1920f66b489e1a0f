import type { HttpRouteRegistration } from "../../contracts/registrations.ts";
import type { RegistryEntry, RegistryGeneration, RegistryReader } from "../../plugins/types.ts";
import { canonicalPaths } from "../../protocol/route-path.ts";

export type RouteEntry = RegistryEntry<HttpRouteRegistration>;

export const HTTP_ROUTE_KIND = "httpRoute";

/**
 * Below this path every request needs the gateway's credential (spec 3.7). One exception, because the services
 * of published channels call back there and can only sign what they send: the exact path
 * `/api/channels/<id>/…` of a plugin that has registered the channel `<id>` and says that it checks requests
 * itself. Every reading of the request's path must be that one place.
 */
export const PROTECTED_PREFIX = "/api/channels";

interface KnownRoute {
  entry: RouteEntry;
  path: string;
}

export interface RouteMatch {
  /** Exact routes first, then prefixes, longest first. */
  routes: readonly RouteEntry[];
  /** True when the path or one of the routes demands the gateway's credential. */
  needsGatewayAuth: boolean;
}

/** Finds the plugin routes of a request in the current registry generation. */
export class PluginRoutes {
  readonly #registry: RegistryReader;
  #generation = -1;
  #exact = new Map<string, KnownRoute[]>();
  #prefixes: KnownRoute[] = [];
  /** Paths below the protected prefix that their channel guards itself. */
  #callbacks = new Set<string>();

  constructor(registry: RegistryReader) {
    this.#registry = registry;
  }

  /** @returns `undefined` for a path that can not be decoded: it must be refused, not routed */
  match(path: string): RouteMatch | undefined {
    this.#index();
    const forms = canonicalPaths(path);
    if (!forms) return undefined;
    const routes: RouteEntry[] = [];
    const add = (route: KnownRoute) => {
      if (!routes.includes(route.entry)) routes.push(route.entry);
    };
    for (const form of forms) for (const route of this.#exact.get(form) ?? []) add(route);
    for (const route of this.#prefixes) {
      if (forms.some((form) => isBelow(form, route.path))) add(route);
    }
    return {
      routes,
      needsGatewayAuth:
        routes.some((entry) => entry.value.auth !== "plugin") ||
        forms.some((form) => isBelow(form, PROTECTED_PREFIX) && !this.#callbacks.has(form)),
    };
  }

  #index(): void {
    const generation = this.#registry.current();
    if (generation.id === this.#generation) return;
    this.#generation = generation.id;
    this.#exact = new Map();
    this.#prefixes = [];
    this.#callbacks = new Set();
    for (const entry of generation.list<HttpRouteRegistration>(HTTP_ROUTE_KIND)) {
      const path = entry.value.canonicalPath;
      const route = { entry, path };
      if (isChannelCallback(entry, generation)) this.#callbacks.add(path);
      if (entry.value.match === "prefix") this.#prefixes.push(route);
      else this.#exact.set(path, [...(this.#exact.get(path) ?? []), route]);
    }
    this.#prefixes.sort((left, right) => right.path.length - left.path.length);
  }
}

function isChannelCallback({ value, pluginId }: RouteEntry, generation: RegistryGeneration): boolean {
  if (value.auth !== "plugin" || value.match !== "exact") return false;
  if (!isBelow(value.canonicalPath, PROTECTED_PREFIX)) return false;
  const [channel, ...rest] = value.canonicalPath.slice(PROTECTED_PREFIX.length + 1).split("/");
  if (!channel || rest.length === 0) return false;
  return generation
    .ofPlugin(pluginId)
    .some(({ kind, key }) => kind === "channel" && key.toLowerCase() === channel);
}

/** True for the path itself and anything below it at a segment boundary. */
function isBelow(path: string, prefix: string): boolean {
  return prefix === "/" || path === prefix || path.startsWith(`${prefix}/`);
}
