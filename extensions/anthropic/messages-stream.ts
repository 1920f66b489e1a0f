import {
  AnswerBuilder,
  type AssistantMessageEvent,
  answerStream,
  connectionFailure,
  type ModelContext,
  type ModelDefinition,
  postToModel,
  RequestFailure,
  readDataLines,
  type StreamFn,
  type StreamOptions,
} from "sluice/plugin-sdk/model-stream";
import { EventReader } from "./event-reader.ts";
import { authHeaders, endpointOf, messagesBody } from "./request.ts";
import { BETA_HEADER, withBetas } from "./stream-wrappers.ts";

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
  const request = {
    url: endpointOf(model.baseUrl ?? "", "messages"),
    headers: headersOf(model, options),
    body: messagesBody,
  };
  const response = await postToModel(request, model, context, options);
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
