import type { ModelContext, ModelDefinition, StreamOptions } from "../../contracts/model-stream.ts";
import { readResponseWithLimit } from "../../runtime/egress/index.ts";
import { connectionFailure, failureOf } from "./request-failure.ts";

const MAX_ERROR_CHARS = 16_384;

/** What a transport wants to send: where to, with which headers, and the body as a value. */
export interface ModelPost {
  readonly url: string;
  readonly headers: Record<string, string>;
  body(model: ModelDefinition, context: ModelContext, options: StreamOptions): object;
}

/**
 * Asks a model's server: the payload after `onPayload`, within `timeoutMs`, without following it elsewhere.
 *
 * @throws RequestFailure when the server can not be reached or refuses; the abort itself when `signal` ends
 */
export async function postToModel(
  post: ModelPost,
  model: ModelDefinition,
  context: ModelContext,
  options: StreamOptions,
): Promise<Response> {
  const body = post.body(model, context, options);
  const payload = (await options.onPayload?.(body, model)) ?? body;
  const limit = options.timeoutMs ? AbortSignal.timeout(options.timeoutMs) : undefined;
  const signals = [options.signal, limit].filter((signal) => signal !== undefined);
  let response: Response;
  try {
    response = await fetch(post.url, {
      method: "POST",
      headers: post.headers,
      body: JSON.stringify(payload),
      // The operator trusts this origin, not whatever it points to.
      redirect: "manual",
      ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw connectionFailure(error, model.baseUrl ?? "");
  }
  options.onResponse?.({ status: response.status, headers: Object.fromEntries(response.headers) }, model);
  if (response.ok) return response;
  const text = await response.text().catch(() => "");
  throw failureOf(response.status, text.slice(0, MAX_ERROR_CHARS), options.apiKey);
}

export interface ModelServerQuestion {
  readonly headers?: Record<string, string>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a model's server tells of itself at a URL; `undefined` when it can not be asked, refuses or talks too much. */
export async function askModelServer(url: string, ask: ModelServerQuestion): Promise<unknown> {
  const limit = AbortSignal.timeout(ask.timeoutMs);
  try {
    const response = await fetch(url, {
      headers: ask.headers ?? {},
      redirect: "manual",
      signal: ask.signal ? AbortSignal.any([ask.signal, limit]) : limit,
    });
    if (!response.ok || Number(response.headers.get("content-length") ?? 0) > ask.maxBytes) {
      await response.body?.cancel();
      return undefined;
    }
    return JSON.parse((await readResponseWithLimit(response, ask.maxBytes)).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The first `limit` ids that a server lists as `data[].id`; none when it lists none or can not be asked. */
export async function listModelIds(url: string, ask: ModelServerQuestion, limit: number): Promise<string[]> {
  const rows = ((await askModelServer(url, ask)) as { data?: { id?: unknown }[] } | undefined)?.data;
  if (!Array.isArray(rows)) return [];
  return rows
    .map((row) => row?.id)
    .filter((id): id is string => typeof id === "string" && id !== "")
    .slice(0, limit);
}
