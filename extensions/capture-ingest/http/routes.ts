import type { IncomingMessage, ServerResponse } from "node:http";
import type { PluginListing } from "../registry/registry.ts";
import { allowOrigin } from "./cors.ts";
import type { Gate } from "./gate.ts";
import { type CaptureFace, ingestRoute } from "./ingest-route.ts";
import { HttpRefusal } from "./refusal.ts";
import { type JsonAnswer, jsonRoute, type RouteContext } from "./responder.ts";

export interface RouteFace extends CaptureFace {
  listPlugins(tenant: string): Promise<PluginListing>;
}

export interface CaptureRoute {
  path: string;
  handler(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** The three routes of the capture surface. `face` may throw `CAPTURE_STARTING` until the service runs. */
export function captureRoutes(parts: {
  face(): RouteFace | Promise<RouteFace>;
  gate: Gate;
  failed(error: unknown, requestId: string): void;
}): CaptureRoute[] {
  const { gate } = parts;
  const report = { failed: parts.failed };
  return [
    {
      path: "/api/v1/ingest",
      handler: jsonRoute(async (context) => ingestRoute(context, await parts.face(), gate), report),
    },
    {
      path: "/api/v1/plugins",
      handler: jsonRoute(async (context) => pluginsRoute(context, await parts.face(), gate), report),
    },
    {
      path: "/api/v1/openapi.json",
      handler: jsonRoute(async (context) => {
        onlyGet(context);
        const { openApiDocument } = await import("../contract/openapi.ts");
        return { status: 200, body: openApiDocument() };
      }, report),
    },
  ];
}

async function pluginsRoute(context: RouteContext, face: RouteFace, gate: Gate): Promise<JsonAnswer> {
  const { config } = face;
  const known = allowOrigin(context, config.allowedOrigins, "GET");
  if (context.request.method === "OPTIONS" && known) return { status: 204, body: "" };
  onlyGet(context);
  const key = gate.authenticate(context.request, await face.keyRing());
  gate.admit(key, config.limits.requestsPerMinute, context);
  return { status: 200, body: await face.listPlugins(key.tenant) };
}

function onlyGet(context: RouteContext): void {
  const { method } = context.request;
  if (method !== "GET" && method !== "HEAD")
    throw new HttpRefusal(405, { detail: "Method not allowed" }, { headers: { Allow: "GET, HEAD" } });
}
