import type { HttpRouteRegistration } from "../../contracts/registrations.ts";
import type { RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { canonicalPaths } from "../../protocol/route-path.ts";

export type RouteEntry = RegistryEntry<HttpRouteRegistration>;

export const HTTP_ROUTE_KIND = "httpRoute";

/**
 * Below this path every request needs the gateway's credential, unless a route of that very place says that
 * its plugin checks requests itself, as published channels do for the callbacks of their service.
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
        (forms.some((form) => isBelow(form, PROTECTED_PREFIX)) && !routes.some(isOpenChannelRoute)),
    };
  }

  #index(): void {
    const generation = this.#registry.current();
    if (generation.id === this.#generation) return;
    this.#generation = generation.id;
    this.#exact = new Map();
    this.#prefixes = [];
    for (const entry of generation.list<HttpRouteRegistration>(HTTP_ROUTE_KIND)) {
      const path = entry.value.canonicalPath;
      const route = { entry, path };
      if (entry.value.match === "prefix") this.#prefixes.push(route);
      else this.#exact.set(path, [...(this.#exact.get(path) ?? []), route]);
    }
    this.#prefixes.sort((left, right) => right.path.length - left.path.length);
  }
}

function isOpenChannelRoute({ value }: RouteEntry): boolean {
  return value.auth === "plugin" && isBelow(value.canonicalPath, PROTECTED_PREFIX);
}

/** True for the path itself and anything below it at a segment boundary. */
function isBelow(path: string, prefix: string): boolean {
  return prefix === "/" || path === prefix || path.startsWith(`${prefix}/`);
}
