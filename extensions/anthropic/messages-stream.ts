import {
  AnswerBuilder,
  type AssistantMessageEvent,
  answerStream,
  connectionFailure,
  failureOf,
  type ModelContext,
  type ModelDefinition,
  RequestFailure,
  readDataLines,
  type StreamFn,
  type StreamOptions,
} from "sluice/plugin-sdk/model-stream";
import { EventReader } from "./event-reader.ts";
import { authHeaders, endpointOf, messagesBody } from "./request.ts";
import { BETA_HEADER, withBetas } from "./stream-wrappers.ts";

const MAX_ERROR_CHARS = 16_384;

/** Asks `POST {baseUrl}/v1/messages` and streams the answer. */
export const messagesStream: StreamFn = (model, context, options = {}) => {
  const answer = new AnswerBuilder(model);
  return answerStream(answer, () => ask(answer, model, context, options), options.signal);
};

async function* ask(
  answer: AnswerBuilder,
  model: ModelDefinition,
  context: ModelContext,
  options: StreamOptions,
): AsyncGenerator<AssistantMessageEvent> {
  yield answer.start();
  const response = await post(model, context, options);
  if (!response.body) throw new RequestFailure("server_error", "the model server sent no body");
  const reader = new EventReader(answer);
  try {
    for await (const values of readDataLines(response.body)) {
      for (const value of values) yield* reader.read(value);
      if (reader.ended) break;
    }
  } catch (error) {
    if (options.signal?.aborted || error instanceof RequestFailure) throw error;
    if (!reader.finished) throw connectionFailure(error, model.baseUrl ?? "");
  }
  if (!reader.finished) throw new RequestFailure("server_error", "the model server ended its answer early");
  yield* reader.end();
}

async function post(
  model: ModelDefinition,
  context: ModelContext,
  options: StreamOptions,
): Promise<Response> {
  const body = messagesBody(model, context, options);
  const payload = (await options.onPayload?.(body, model)) ?? body;
  const limit = options.timeoutMs ? AbortSignal.timeout(options.timeoutMs) : undefined;
  const signals = [options.signal, limit].filter((signal) => signal !== undefined);
  let response: Response;
  try {
    response = await fetch(endpointOf(model.baseUrl ?? "", "messages"), {
      method: "POST",
      headers: headersOf(model, options),
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

/** Beta features of every source are announced together. */
function headersOf(model: ModelDefinition, options: StreamOptions): Record<string, string> {
  const sources = [authHeaders(options.apiKey), model.headers ?? {}, options.headers ?? {}];
  const betas = sources.flatMap((source) => source[BETA_HEADER]?.split(",") ?? []);
  const { [BETA_HEADER]: _announced, ...merged } = Object.assign({}, ...sources) as Record<string, string>;
  return {
    "content-type": "application/json",
    accept: "text/event-stream",
    ...withBetas(
      merged,
      betas.map((beta) => beta.trim()),
    ),
  };
}
