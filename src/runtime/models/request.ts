import type { AssistantMessage, Message } from "../../contracts/messages.ts";
import type { ModelContext, ModelDefinition, StreamFn, StreamOptions } from "../../contracts/model-stream.ts";
import type { ProviderPlugin, ProviderStreamContext } from "../../contracts/provider.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isRecord } from "./catalogue.ts";
import { failureReason } from "./failure-reason.ts";
import { applyReplayPolicy } from "./replay.ts";
import type { ResolvedModel } from "./types.ts";

/** What somebody wants to ask a model. */
export interface ModelQuestion {
  systemPrompt?: string;
  messages: Message[];
  tools?: { name: string; description: string; parameters: object }[];
  /** A level of the model's thinking policy; `off` and none are the same. */
  thinking?: string;
  options?: StreamOptions;
}

/** A question in the form its provider takes it. */
export interface ModelRequest {
  model: ModelDefinition;
  stream: StreamFn;
  context: ModelContext;
  options: StreamOptions;
}

/** Names under which parameters of configuration and plugins mean an option of the stream protocol. */
const OPTIONS: Readonly<Record<string, keyof StreamOptions>> = {
  temperature: "temperature",
  topP: "topP",
  top_p: "topP",
  maxTokens: "maxTokens",
  max_tokens: "maxTokens",
  stop: "stop",
  toolChoice: "toolChoice",
};

/**
 * Lets the provider shape a request (spec 2.4): credentials, messages to send again, tool schemas,
 * parameters, and the stream function with its wrappers. A function that throws counts as no answer, except
 * `prepareRuntimeAuth`.
 */
export async function prepareRequest(
  resolved: ResolvedModel,
  question: ModelQuestion,
  logger: Logger,
): Promise<ModelRequest> {
  const { owner } = resolved;
  const shaping = new Shaping(resolved, logger);
  const thinking = question.thinking ?? "off";
  const auth = await runtimeAuthOf(resolved);
  const model = !auth.baseUrl ? resolved.model : { ...resolved.model, baseUrl: auth.baseUrl };
  const given = question.options ?? {};
  const context: ProviderStreamContext = {
    ...resolved.context,
    model,
    ...(auth.apiKey === undefined ? {} : { apiKey: auth.apiKey }),
    thinkingLevel: thinking,
    extraParams: { ...model.params, ...resolved.params },
  };
  const sessionId = given.sessionId;
  const messages = await shaping.replay(question.messages, context, sessionId);
  const tools = question.tools?.length
    ? (shaping.ask(() => owner.normalizeToolSchemas?.({ ...context, tools: question.tools ?? [] })) ??
      question.tools)
    : undefined;
  context.extraParams = shaping.params(context);
  const wrapped = shaping.ask(() => owner.wrapStreamFn?.({ ...context, streamFn: resolved.stream }));
  return {
    model,
    stream: wrapped ?? resolved.stream,
    context: {
      messages,
      ...(question.systemPrompt === undefined ? {} : { systemPrompt: question.systemPrompt }),
      ...(tools === undefined ? {} : { tools }),
    },
    options: {
      ...optionsFrom(context.extraParams),
      ...given,
      ...(auth.apiKey === undefined ? {} : { apiKey: auth.apiKey }),
      ...(thinking === "off" ? {} : { reasoning: thinking }),
    },
  };
}

/** The answer with the reason its provider sees in an error (spec 2.6). */
export function explainFailure(
  resolved: ResolvedModel,
  answer: AssistantMessage,
  status: number | undefined,
  logger: Logger,
): AssistantMessage {
  if (answer.stopReason !== "error") return answer;
  const { owner, model } = resolved;
  const shaping = new Shaping(resolved, logger);
  const failure = {
    provider: model.provider,
    modelId: model.id,
    errorMessage: answer.errorMessage ?? "",
    ...(status === undefined ? {} : { status }),
    ...(answer.errorCode === undefined ? {} : { code: answer.errorCode }),
  };
  // Providers look for their own name in the message.
  const named = { ...failure, errorMessage: `${model.provider}: ${failure.errorMessage}` };
  const overflows = shaping.ask(
    () => owner.matchesContextOverflowError?.(failure) || owner.matchesContextOverflowError?.(named),
  );
  if (overflows) return { ...answer, errorCode: "context_overflow" };
  const reason = shaping.ask(() => owner.classifyFailoverReason?.(failure));
  if (reason) return { ...answer, errorCode: reason };
  if (answer.errorCode !== undefined) return answer;
  const seen = failureReason({ status, message: failure.errorMessage });
  return seen === "unknown" ? answer : { ...answer, errorCode: seen };
}

/** What a request to the model carries besides its key. */
export type RuntimeAuth = Omit<
  NonNullable<Awaited<ReturnType<NonNullable<ProviderPlugin["prepareRuntimeAuth"]>>>>,
  "apiKey"
> & { apiKey?: string };

/**
 * The key as the provider wants it sent, and where to (spec 2.1 `prepareRuntimeAuth`). A text that stands for
 * a key is shown to the provider and never sent itself.
 */
export async function runtimeAuthOf(resolved: ResolvedModel): Promise<RuntimeAuth> {
  const { owner, context, apiKey, authMarker, authMode, profile } = resolved;
  const shown = apiKey ?? authMarker;
  const { apiKey: made, ...rest } =
    (await owner.prepareRuntimeAuth?.({
      ...context,
      ...(shown === undefined ? {} : { apiKey: shown }),
      ...(authMode === undefined ? {} : { authMode }),
      ...(profile ? { profileId: profile.profileId } : {}),
    })) ?? {};
  const sent = made && made !== authMarker ? made : apiKey;
  return { ...rest, ...(sent === undefined ? {} : { apiKey: sent }) };
}

class Shaping {
  readonly #resolved: ResolvedModel;
  readonly #logger: Logger;

  constructor(resolved: ResolvedModel, logger: Logger) {
    this.#resolved = resolved;
    this.#logger = logger;
  }

  ask<T>(question: () => T): T | undefined {
    try {
      return question();
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  async replay(
    given: Message[],
    stream: ProviderStreamContext,
    sessionId: string | undefined,
  ): Promise<Message[]> {
    const { owner } = this.#resolved;
    const context = {
      ...stream,
      modelApi: stream.model.api,
      ...(sessionId === undefined ? {} : { sessionId }),
    };
    const policy = this.ask(() => owner.buildReplayPolicy?.(context));
    let messages = policy ? applyReplayPolicy(given, policy) : given;
    for (const shape of [owner.sanitizeReplayHistory, owner.validateReplayTurns]) {
      if (!shape) continue;
      try {
        messages = (await shape.call(owner, { ...context, messages })) ?? messages;
      } catch (error) {
        this.#complain(error);
      }
    }
    return messages;
  }

  params(context: ProviderStreamContext): Record<string, unknown> {
    const { owner, model } = this.#resolved;
    const prepared = this.ask(() => owner.prepareExtraParams?.(context)) ?? context.extraParams ?? {};
    const patch = this.ask(() =>
      owner.extraParamsForTransport?.({ ...context, extraParams: prepared, transport: model.api }),
    )?.patch;
    return patch ? { ...prepared, ...patch } : prepared;
  }

  #complain(error: unknown): void {
    this.#logger.warn("a provider function failed", {
      provider: this.#resolved.owner.id,
      error: errorMessage(error),
    });
  }
}

/** Parameters as options; `extra_body` goes into the request as it is. */
function optionsFrom(params: Record<string, unknown>): StreamOptions {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option !== undefined && value !== undefined && value !== null) options[option] = value;
  }
  const body = params["extra_body"] ?? params["extraBody"];
  if (isRecord(body)) {
    options["onPayload"] = (payload: unknown) => (isRecord(payload) ? { ...payload, ...body } : undefined);
  }
  return options;
}
