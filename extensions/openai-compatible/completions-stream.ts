import {
  AnswerBuilder,
  type AssistantMessageEvent,
  answerStream,
  connectionFailure,
  failureOf,
  MAX_ANSWER_CHARS,
  type ModelContext,
  type ModelDefinition,
  RequestFailure,
  readDataLines,
  type StreamFn,
  type StreamOptions,
} from "sluice/plugin-sdk/model-stream";
import { AnswerReader } from "./answer-reader.ts";
import { completionsBody } from "./request-body.ts";

const MAX_ERROR_CHARS = 16_384;

/** Asks `POST {baseUrl}/chat/completions` and streams the answer. */
export const completionsStream: StreamFn = (model, context, options = {}) => {
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
  const reader = new AnswerReader(answer);
  if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) {
    yield* reader.read([parseWhole(await response.text())]);
    yield* reader.end();
    return;
  }
  if (!response.body) throw new RequestFailure("server_error", "the model server sent no body");
  try {
    for await (const values of readDataLines(response.body)) {
      yield* reader.read(values);
      if (reader.closed) break;
    }
  } catch (error) {
    yield* reader.release();
    if (options.signal?.aborted || error instanceof RequestFailure) throw error;
    // An answer that was complete stays complete, however the connection ends.
    if (!reader.finished) throw connectionFailure(error, model.baseUrl ?? "");
  }
  if (!reader.closed && !reader.finished) {
    throw new RequestFailure("server_error", "the model server ended its answer early");
  }
  yield* reader.end();
}

async function post(
  model: ModelDefinition,
  context: ModelContext,
  options: StreamOptions,
): Promise<Response> {
  const body = completionsBody(model, context, options);
  const payload = (await options.onPayload?.(body, model)) ?? body;
  const limit = options.timeoutMs ? AbortSignal.timeout(options.timeoutMs) : undefined;
  const signals = [options.signal, limit].filter((signal) => signal !== undefined);
  let response: Response;
  try {
    response = await fetch(`${(model.baseUrl ?? "").replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream, application/json",
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
        ...model.headers,
        ...options.headers,
      },
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

function parseWhole(text: string): unknown {
  if (text.length > MAX_ANSWER_CHARS)
    throw new RequestFailure("server_error", "the model's answer is too large");
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestFailure("server_error", "the model server's answer is not valid JSON");
  }
}
