import { isRecord } from "../values/records.ts";

type Stream = (model: never, context: never, options?: object) => unknown;

interface PayloadOptions {
  onPayload?(payload: unknown, model: unknown): unknown;
  [option: string]: unknown;
}

/** Changes the request body just before it is sent. */
export function streamWithPayloadPatch(
  streamFn: Stream,
  patch: (payload: Record<string, unknown>, model: unknown) => void,
): Stream {
  return (model, context, options = {}) => {
    const given = options as PayloadOptions;
    return streamFn(model, context, {
      ...given,
      onPayload: (payload: unknown, actual: unknown) => {
        if (isRecord(payload)) patch(payload, actual);
        return given.onPayload?.(payload, actual);
      },
    });
  };
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
  const patched = streamWithPayloadPatch(baseStreamFn, (payload) => {
    const off = thinkingLevel === undefined || thinkingLevel === "off";
    payload["thinking"] = { type: off ? "disabled" : "enabled" };
    if (off) delete payload["reasoning_effort"];
    else payload["reasoning_effort"] = thinkingLevel === "xhigh" || thinkingLevel === "max" ? "max" : "high";
  });
  return (model, context, options) =>
    (params.shouldPatchModel(model) ? patched : baseStreamFn)(model, context, options);
}
