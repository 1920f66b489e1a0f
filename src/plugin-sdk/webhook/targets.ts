import type { IncomingMessage, ServerResponse } from "node:http";
import { canonicalPaths } from "../../protocol/route-path.ts";
import { registerPluginHttpRoute } from "../routes/plugin-routes.ts";
import {
  applyBasicWebhookRequestGuards,
  beginWebhookRequestPipelineOrReject,
  type FixedWindowLimiter,
  type InFlightLimiter,
} from "./request-guards.ts";

/** Several accounts may answer at one path: their targets, and which of them a request is for. */

/** With a slash in front and none behind. */
export function normalizeWebhookPath(raw: string): string {
  const path = raw.trim();
  const rooted = path.startsWith("/") ? path : `/${path}`;
  return rooted.length > 1 ? rooted.replace(/\/+$/, "") || "/" : rooted;
}

/** The path that is configured, else that of the public address, else the default; null without any. */
export function resolveWebhookPath(params: {
  webhookPath?: string | null | undefined;
  webhookUrl?: string | null | undefined;
  defaultPath?: string | null | undefined;
}): string | null {
  const path = params.webhookPath?.trim();
  if (path) return normalizeWebhookPath(path);
  const url = params.webhookUrl?.trim();
  if (url) return URL.canParse(url) ? normalizeWebhookPath(new URL(url).pathname) : null;
  return params.defaultPath ? normalizeWebhookPath(params.defaultPath) : null;
}

/** The form in which the gateway compares the paths of routes and requests. */
export function canonicalizeWebhookRouteKey(path: string): string {
  const normal = normalizeWebhookPath(path);
  return normalizeWebhookPath(canonicalPaths(normal)?.at(-1) ?? normal);
}

export interface RegisteredWebhookTarget<T> {
  target: T;
  unregister(): void;
}

/** Adds a target at its path. The hooks run for the first target of a path and after its last one left. */
export function registerWebhookTarget<T extends { path: string }>(
  targetsByPath: Map<string, T[]>,
  target: T,
  options: {
    /** May give what undoes it. */
    onFirstPathTarget?(facts: { path: string; target: T }): (() => void) | undefined;
    onLastPathTargetRemoved?(facts: { path: string }): void;
  } = {},
): RegisteredWebhookTarget<T> {
  const path = canonicalizeWebhookRouteKey(target.path);
  const others = targetsByPath.get(path) ?? [];
  const undo = others.length === 0 ? options.onFirstPathTarget?.({ path, target }) : undefined;
  if (undo) teardownsOf(targetsByPath).set(path, undo);
  targetsByPath.set(path, [...others, target]);
  let isPlaced = true;
  const unregister = () => {
    if (!isPlaced) return;
    isPlaced = false;
    const left = [...(targetsByPath.get(path) ?? [])];
    left.splice(left.indexOf(target), 1);
    if (left.length > 0) {
      targetsByPath.set(path, left);
      return;
    }
    targetsByPath.delete(path);
    const teardown = teardownsOf(targetsByPath).get(path);
    teardownsOf(targetsByPath).delete(path);
    teardown?.();
    options.onLastPathTargetRemoved?.({ path });
  };
  return { target, unregister };
}

const TEARDOWNS = Symbol.for("sluice.plugin-sdk.webhook-teardowns");

/** The route of a path belongs to the path, not to the target that came first: it lies with the plugin's map. */
function teardownsOf(targetsByPath: object): Map<string, () => void> {
  const holder = targetsByPath as { [TEARDOWNS]?: Map<string, () => void> };
  holder[TEARDOWNS] ??= new Map();
  return holder[TEARDOWNS];
}

type RouteOptions = Omit<Parameters<typeof registerPluginHttpRoute>[0], "path" | "fallbackPath">;

/** The same; the path's HTTP route opens with its first target and closes with its last. */
export function registerWebhookTargetWithPluginRoute<T extends { path: string }>(params: {
  targetsByPath: Map<string, T[]>;
  target: T;
  route: RouteOptions;
  onLastPathTargetRemoved?(facts: { path: string }): void;
}): RegisteredWebhookTarget<T> {
  const { onLastPathTargetRemoved, route } = params;
  return registerWebhookTarget(params.targetsByPath, params.target, {
    onFirstPathTarget: ({ target }) => registerPluginHttpRoute({ ...route, path: target.path } as never),
    ...(onLastPathTargetRemoved ? { onLastPathTargetRemoved } : {}),
  });
}

/** The targets at a request's path; null when there is none. */
export function resolveWebhookTargets<T>(
  request: IncomingMessage,
  targetsByPath: ReadonlyMap<string, readonly T[]>,
): { path: string; targets: readonly T[] } | null {
  const path = canonicalizeWebhookRouteKey(new URL(request.url ?? "/", "http://localhost").pathname);
  const targets = targetsByPath.get(path);
  return targets && targets.length > 0 ? { path, targets } : null;
}

export type WebhookTargetMatch<T> = { kind: "none" } | { kind: "single"; target: T } | { kind: "ambiguous" };

function single<T>(targets: readonly T[], matches: readonly boolean[]): WebhookTargetMatch<T> {
  const found = targets.filter((_target, index) => matches[index]);
  if (found.length > 1) return { kind: "ambiguous" };
  return found.length === 0 ? { kind: "none" } : { kind: "single", target: found[0] as T };
}

/** Every target is asked, so that the time taken does not tell which one matched. */
export function resolveSingleWebhookTarget<T>(
  targets: readonly T[],
  isMatch: (target: T) => boolean,
): WebhookTargetMatch<T> {
  return single(targets, targets.map(isMatch));
}

export async function resolveSingleWebhookTargetAsync<T>(
  targets: readonly T[],
  isMatch: (target: T) => Promise<boolean> | boolean,
): Promise<WebhookTargetMatch<T>> {
  return single(targets, await Promise.all(targets.map((target) => isMatch(target))));
}

interface AuthRejection {
  unauthorizedStatusCode?: number;
  unauthorizedMessage?: string;
  ambiguousStatusCode?: number;
  ambiguousMessage?: string;
}

function accept<T>(match: WebhookTargetMatch<T>, response: ServerResponse, texts: AuthRejection): T | null {
  if (match.kind === "single") return match.target;
  const isAmbiguous = match.kind === "ambiguous";
  response.statusCode = (isAmbiguous ? texts.ambiguousStatusCode : texts.unauthorizedStatusCode) ?? 401;
  response.end(
    isAmbiguous
      ? (texts.ambiguousMessage ?? "ambiguous webhook target")
      : (texts.unauthorizedMessage ?? "unauthorized"),
  );
  return null;
}

/** The one target whose secret the request knows; otherwise the request is answered and null comes back. */
export async function resolveWebhookTargetWithAuthOrReject<T>(
  params: AuthRejection & {
    targets: readonly T[];
    res: ServerResponse;
    isMatch: (target: T) => Promise<boolean> | boolean;
  },
): Promise<T | null> {
  return accept(await resolveSingleWebhookTargetAsync(params.targets, params.isMatch), params.res, params);
}

export function resolveWebhookTargetWithAuthOrRejectSync<T>(
  params: AuthRejection & { targets: readonly T[]; res: ServerResponse; isMatch: (target: T) => boolean },
): T | null {
  return accept(resolveSingleWebhookTarget(params.targets, params.isMatch), params.res, params);
}

export function rejectNonPostWebhookRequest(request: IncomingMessage, response: ServerResponse): boolean {
  return !applyBasicWebhookRequestGuards({ req: request, res: response, allowMethods: ["POST"] });
}

/** Runs a handler for the targets of a request's path, within the limits; false when there are no targets. */
export async function withResolvedWebhookRequestPipeline<T>(params: {
  req: IncomingMessage;
  res: ServerResponse;
  targetsByPath: ReadonlyMap<string, readonly T[]>;
  allowMethods?: readonly string[];
  rateLimiter?: FixedWindowLimiter;
  rateLimitKey?: string;
  nowMs?: number;
  requireJsonContentType?: boolean;
  inFlightLimiter?: InFlightLimiter;
  /** Default: the path and the sender's address. */
  inFlightKey?: string | ((facts: { req: IncomingMessage; path: string; targets: readonly T[] }) => string);
  handle(facts: { path: string; targets: readonly T[] }): Promise<boolean | undefined> | boolean | undefined;
}): Promise<boolean> {
  const { req, inFlightKey } = params;
  const resolved = resolveWebhookTargets(req, params.targetsByPath);
  if (!resolved) return false;
  const key =
    typeof inFlightKey === "function"
      ? inFlightKey({ req, ...resolved })
      : (inFlightKey ?? `${resolved.path}:${req.socket.remoteAddress ?? "unknown"}`);
  const pipeline = beginWebhookRequestPipelineOrReject({ ...params, inFlightKey: key });
  if (!pipeline.ok) return true;
  try {
    await params.handle(resolved);
    return true;
  } finally {
    pipeline.release();
  }
}
