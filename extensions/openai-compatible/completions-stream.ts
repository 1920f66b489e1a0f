import {
  AnswerBuilder,
  type AssistantMessageEvent,
  answerStream,
  connectionFailure,
  MAX_ANSWER_CHARS,
  type ModelContext,
  type ModelDefinition,
  postToModel,
  RequestFailure,
  readDataLines,
  type StreamFn,
  type StreamOptions,
} from "sluice/plugin-sdk/model-stream";
import { AnswerReader } from "./answer-reader.ts";
import { completionsBody } from "./request-body.ts";

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
  const request = {
    url: `${(model.baseUrl ?? "").replace(/\/+$/, "")}/chat/completions`,
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream, application/json",
      ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
      ...model.headers,
      ...options.headers,
    },
    body: completionsBody,
  };
  const response = await postToModel(request, model, context, options);
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

function parseWhole(text: string): unknown {
  if (text.length > MAX_ANSWER_CHARS)
    throw new RequestFailure("server_error", "the model's answer is too large");
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestFailure("server_error", "the model server's answer is not valid JSON");
  }
}
