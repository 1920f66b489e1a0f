import type { IncomingMessage, ServerResponse } from "node:http";
import { fastify } from "fastify";
import type { TSchema } from "typebox";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { gatewayRequestScope } from "../../plugins/loading/request-scope.ts";
import { describeProblems } from "../../protocol/validation.ts";
import { type Authentication, isRateLimited } from "../connection/authentication.ts";
import type { RequestFacts } from "../connection/facts.ts";
import { HandshakeRejection } from "../connection/rejection.ts";
import type { Caller } from "../rpc/caller.ts";
import type { PluginRoutes, RouteEntry } from "./plugin-routes.ts";
import { authenticateRequest } from "./request-caller.ts";
import { pathOf } from "./request-path.ts";
import { COMMON_HEADERS, sendError } from "./respond.ts";

/** Largest body of a core route. Plugin routes read their own bodies and bound them themselves. */
export const MAX_CORE_BODY_BYTES = 2 * 1024 * 1024;
/** A plugin route that has not begun its response by then is answered with 504. */
export const PLUGIN_ROUTE_LIMIT_MS = 30_000;

const UNDECODABLE = "the path can not be decoded";

export interface HttpAppOptions {
  clock: Clock;
  logger: Logger;
  routes: PluginRoutes;
  authentication: Authentication;
  facts(request: IncomingMessage): RequestFacts;
  /** True while plugins are still being loaded: an unclaimed path may yet find its owner. */
  starting(): boolean;
  draining(): boolean;
}

export type HttpApp = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The HTTP side behind the probes: core routes, then the plugins' routes by one catch-all that asks the
 * registry on every request, because fastify takes no routes once it runs. Loaded with the first request.
 */
export async function createHttpApp(options: HttpAppOptions): Promise<HttpApp> {
  const { Compile } = await import("typebox/compile");
  const app = fastify({
    bodyLimit: MAX_CORE_BODY_BYTES,
    exposeHeadRoutes: false,
    frameworkErrors: (_error, _request, reply) => {
      sendError(reply.raw, 400, "invalid_request", UNDECODABLE);
      reply.hijack();
    },
  });
  // Core routes are checked by the engine that checks RPC parameters, not by a second one.
  app.setValidatorCompiler(({ schema }) => {
    const validator = Compile(schema as TSchema);
    return (value: unknown) =>
      validator.Check(value) ? { value } : { error: new Error(describeProblems(validator.Errors(value))) };
  });
  // Plugin handlers get the raw stream: nothing may read the body before them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.setErrorHandler((error, _request, reply) => {
    options.logger.error("a request failed", { error });
    sendError(reply.raw, 500, "internal_error", "the gateway failed to answer; see its log");
    reply.hijack();
  });
  const serve = async (
    request: { raw: IncomingMessage },
    reply: { raw: ServerResponse; hijack(): unknown },
  ) => {
    reply.hijack();
    await servePluginRoute(options, request.raw, reply.raw);
  };
  app.setNotFoundHandler((_request, reply) => {
    sendError(reply.raw, 404, "not_found", "Not Found");
    reply.hijack();
  });
  app.all("/", serve);
  app.all("/*", serve);
  await app.ready();
  return (request, response) => app.routing(request, response);
}

async function servePluginRoute(
  options: HttpAppOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (options.draining()) {
    sendError(response, 503, "unavailable", "the gateway is stopping", { "Retry-After": "5" });
    return;
  }
  const match = options.routes.match(pathOf(request));
  if (!match) {
    sendError(response, 400, "invalid_request", UNDECODABLE);
    return;
  }
  if (match.needsGatewayAuth && !(await admitted(options, request, response, match.routes))) return;
  for (const entry of match.routes) {
    if (await handled(options, entry, request, response)) return;
  }
  if (response.headersSent || response.destroyed) return;
  if (options.starting()) {
    sendError(response, 503, "unavailable", "Plugin runtime is starting", { "Retry-After": "1" });
    return;
  }
  sendError(response, 404, "not_found", "Not Found");
}

async function admitted(
  options: HttpAppOptions,
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly RouteEntry[],
): Promise<boolean> {
  const surface = routes.every((entry) => entry.value.gatewayRuntimeScopeSurface === "trusted-operator")
    ? "trusted-operator"
    : "write-default";
  const facts = options.facts(request);
  // Without a credential to show, what the browser tells is all there is to tell pages of others apart.
  const unproven = options.authentication.settings.mode === "none" && facts.foreignPage;
  if (facts.forged || !facts.originAllowed || unproven) {
    sendError(response, 403, "forbidden", "this origin or proxy is not allowed");
    return false;
  }
  try {
    const caller = await authenticateRequest(request, facts, options.authentication, surface);
    Object.defineProperty(request, "gatewayCaller", { value: caller, enumerable: false });
    return true;
  } catch (error) {
    if (!(error instanceof HandshakeRejection)) throw error;
    if (error.delayMs > 0) await options.clock.sleep(error.delayMs);
    if (isRateLimited(error)) {
      const seconds = String(Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
      sendError(response, 429, "rate_limited", error.message, { "Retry-After": seconds });
    } else {
      sendError(response, 401, "unauthorized", "Unauthorized", { "WWW-Authenticate": "Bearer" });
    }
    return false;
  }
}

/** Lets the route's code ask who is calling, when the gateway knows. */
function onBehalfOf<T>(request: IncomingMessage, { pluginId }: RouteEntry, run: () => T): T {
  const { gatewayCaller: caller } = request as { gatewayCaller?: Caller };
  if (!caller) return run();
  const client = { connect: { role: caller.role, scopes: [...caller.scopes] } };
  return gatewayRequestScope().run(
    { client, pluginId, revalidate: () => caller.signal.throwIfAborted() },
    run,
  );
}

/** Runs one route. @returns false only when its handler said exactly `false` and left the response alone */
async function handled(
  options: HttpAppOptions,
  entry: RouteEntry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  for (const [name, value] of Object.entries(COMMON_HEADERS)) {
    if (!response.headersSent) response.setHeader(name, value);
  }
  try {
    const work = Promise.resolve(onBehalfOf(request, entry, () => entry.value.handler(request, response)));
    const result = await withDeadline(
      work,
      PLUGIN_ROUTE_LIMIT_MS,
      `route ${entry.value.path}`,
      options.clock,
    );
    return result !== false || response.headersSent;
  } catch (error) {
    options.logger.error("a plugin's route failed", {
      pluginId: entry.pluginId,
      path: entry.value.path,
      error: errorMessage(error),
    });
    if (response.headersSent) {
      // A stream may go on past the limit; a response that broke off can only be cut.
      if (!isSluiceError(error) || error.code !== "TIMEOUT") response.destroy();
    } else if (isSluiceError(error) && error.code === "TIMEOUT") {
      sendError(response, 504, "timeout", "the plugin did not answer in time");
    } else {
      sendError(response, 500, "internal_error", "the plugin failed; see the gateway's log");
    }
    return true;
  }
}
