import { isRecord } from "../values/records.ts";

type Stream = (model: never, context: never, options?: object) => unknown;

interface PayloadOptions {
  onPayload?(payload: unknown, model: unknown): unknown;
  [option: string]: unknown;
}

type Patch = (payload: Record<string, unknown>, model: unknown) => void;

/** Asks a model with a request body that is changed just before it is sent. */
export function streamWithPayloadPatch(
  streamFn: Stream,
  model: never,
  context: never,
  options: object | undefined,
  patch: Patch,
): unknown {
  const given = (options ?? {}) as PayloadOptions;
  return streamFn(model, context, {
    ...given,
    onPayload: (payload: unknown, actual: unknown) => {
      if (isRecord(payload)) patch(payload, actual);
      return given.onPayload?.(payload, actual);
    },
  });
}

interface Call {
  model: never;
  context: never;
  options: Record<string, unknown>;
}

/** A stream whose requests are patched with what is known of the call; without a stream there is nothing to wrap. */
export function createPayloadPatchStreamWrapper(
  baseStreamFn: Stream | undefined,
  patchPayload: (call: Call & { payload: Record<string, unknown> }) => void,
  options: { shouldPatch?(call: Call): boolean } = {},
): Stream | undefined {
  if (!baseStreamFn) return undefined;
  return (model, context, given = {}) => {
    const call: Call = { model, context, options: given as Record<string, unknown> };
    if (options.shouldPatch?.(call) === false) return baseStreamFn(model, context, given);
    return streamWithPayloadPatch(baseStreamFn, model, context, given, (payload) =>
      patchPayload({ ...call, payload }),
    );
  };
}

/** Whether a call thinks: what the call itself asks for counts before the level of the turn. */
export function isOpenAICompatibleThinkingEnabled(params: {
  thinkingLevel?: string | undefined;
  options?: unknown;
}): boolean {
  const { reasoningEffort, reasoning } = isRecord(params.options) ? params.options : {};
  const asked = reasoningEffort ?? reasoning ?? params.thinkingLevel;
  const level = typeof asked === "string" ? asked.trim().toLowerCase() : "high";
  return level !== "off" && level !== "none";
}

/** Switches thinking where the server's chat template does it; other arguments of the template stay. */
export function setQwenChatTemplateThinking(payload: Record<string, unknown>, enabled: boolean): void {
  const given = payload["chat_template_kwargs"];
  payload["chat_template_kwargs"] = {
    preserve_thinking: true,
    ...(isRecord(given) ? given : {}),
    enable_thinking: enabled,
  };
}

/**
 * Makes a conversation fit a server that wants its thoughts back: every answer says what was thought, be it
 * nothing, while the model thinks; and none does while it does not.
 */
export function normalizeOpenAICompatibleReasoningReplay(
  payload: Record<string, unknown>,
  params: {
    thinkingEnabled: boolean;
    /** Leaves `reasoning_content` of other roles alone. */
    stripAssistantMessagesOnly?: boolean;
    replaceNullReasoningContent?: boolean;
    /** Which answers need one; all by default. */
    shouldBackfillAssistantMessage?(message: Record<string, unknown>): boolean;
  },
): void {
  const messages = payload["messages"];
  for (const message of Array.isArray(messages) ? messages.filter(isRecord) : []) {
    const isAnswer = message["role"] === "assistant";
    if (!params.thinkingEnabled) {
      if (isAnswer || params.stripAssistantMessagesOnly !== true) delete message["reasoning_content"];
      continue;
    }
    if (!isAnswer || params.shouldBackfillAssistantMessage?.(message) === false) continue;
    const thoughts = message["reasoning_content"];
    const isMissing = !("reasoning_content" in message);
    const isNull =
      params.replaceNullReasoningContent === true && (thoughts === null || thoughts === undefined);
    if (isMissing || isNull) message["reasoning_content"] = "";
  }
}

/**
 * Switches a model's thinking in the request body of an OpenAI-compatible endpoint: `thinking.type` and the
 * effort. Other models pass untouched.
 */
export function createOpenAICompatibleThinkingWrapper(params: {
  baseStreamFn?: Stream | undefined;
  thinkingLevel?: string | undefined;
  shouldPatchModel(model: never): boolean;
}): Stream | undefined {
  const { baseStreamFn, thinkingLevel } = params;
  if (!baseStreamFn) return undefined;
  const patch: Patch = (payload) => {
    const off = thinkingLevel === undefined || thinkingLevel === "off";
    payload["thinking"] = { type: off ? "disabled" : "enabled" };
    if (off) delete payload["reasoning_effort"];
    else payload["reasoning_effort"] = thinkingLevel === "xhigh" || thinkingLevel === "max" ? "max" : "high";
    normalizeOpenAICompatibleReasoningReplay(payload, { thinkingEnabled: !off });
  };
  return (model, context, options) =>
    params.shouldPatchModel(model)
      ? streamWithPayloadPatch(baseStreamFn, model, context, options, patch)
      : baseStreamFn(model, context, options);
}
