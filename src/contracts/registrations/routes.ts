import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Nothing } from "../hooks.ts";

/** A route below the gateway's port (spec 3.7). A handler returning exactly `false` lets the next one try. */
export interface PluginHttpRoute {
  path: string;
  auth: "gateway" | "plugin";
  handler(request: IncomingMessage, response: ServerResponse): boolean | Nothing | Promise<boolean | Nothing>;
  handleUpgrade?(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): boolean | Nothing | Promise<boolean | Nothing>;
  /** Default `exact`. */
  match?: "exact" | "prefix";
  gatewayRuntimeScopeSurface?: "write-default" | "trusted-operator";
  nodeCapability?: { surface: string; ttlMs?: number };
  replaceExisting?: boolean;
}

/** A row of kind `httpRoute`: the route with its canonical path. */
export interface HttpRouteRegistration extends PluginHttpRoute {
  readonly canonicalPath: string;
  readonly match: "exact" | "prefix";
}
