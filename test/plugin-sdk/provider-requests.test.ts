import { describe, expect, it } from "vitest";
import { applyModelCompatPatch } from "../../src/plugin-sdk/provider-model-shared.ts";
import {
  createDeepSeekV4OpenAICompatibleThinkingWrapper,
  createPayloadPatchStreamWrapper,
  isOpenAICompatibleThinkingEnabled,
  normalizeOpenAICompatibleReasoningReplay,
  setQwenChatTemplateThinking,
  streamWithPayloadPatch,
} from "../../src/plugin-sdk/provider-stream-shared.ts";
import { parseProviderUsageNonNegativeNumber } from "../../src/plugin-sdk/provider-usage.ts";

type Stream = Parameters<typeof streamWithPayloadPatch>[0];

/** A stream that gives what it would have sent. */
const sent: Stream = (_model, _context, options = {}) => {
  const payload = { messages: [{ role: "assistant", content: "a" }] };
  const { onPayload } = options as { onPayload?(body: object, model: object): unknown };
  return onPayload?.(payload, {}) ?? payload;
};
const model = { id: "m" } as never;

describe("request bodies of providers", () => {
  it("are patched before the caller sees them", () => {
    const options = { onPayload: (body: object) => ({ ...body, last: true }) };
    const patch = (body: Record<string, unknown>) => void Object.assign(body, { first: true });
    expect(streamWithPayloadPatch(sent, model, {} as never, options, patch)).toMatchObject({
      first: true,
      last: true,
    });
  });

  it("are patched with what is known of the call, where the provider wants it", () => {
    const wrapped = createPayloadPatchStreamWrapper(
      sent,
      ({ payload, options }) => void Object.assign(payload, { level: options["reasoning"] }),
      { shouldPatch: ({ options }) => options["reasoning"] !== "off" },
    );
    expect(wrapped?.(model, {} as never, { reasoning: "low" })).toMatchObject({ level: "low" });
    expect(wrapped?.(model, {} as never, { reasoning: "off" })).not.toHaveProperty("level");
    expect(createPayloadPatchStreamWrapper(undefined, () => {})).toBeUndefined();
  });

  it("say whether and how hard to think, with thoughts that fit", () => {
    const wrapper = (thinkingLevel: string) =>
      createDeepSeekV4OpenAICompatibleThinkingWrapper({
        baseStreamFn: sent,
        thinkingLevel,
        shouldPatchModel: () => true,
      });
    expect(wrapper("max")?.(model, {} as never, {})).toMatchObject({
      thinking: { type: "enabled" },
      reasoning_effort: "max",
      messages: [{ reasoning_content: "" }],
    });
    expect(wrapper("off")?.(model, {} as never, {})).toEqual({
      thinking: { type: "disabled" },
      messages: [{ role: "assistant", content: "a" }],
    });
  });

  it.each([
    [{ thinkingLevel: "high" }, true],
    [{ thinkingLevel: "off" }, false],
    [{ thinkingLevel: "high", options: { reasoning: "none" } }, false],
    [{ thinkingLevel: "off", options: { reasoningEffort: "low" } }, true],
    [{}, true],
  ])("think or not: %j", (params, expected) => {
    expect(isOpenAICompatibleThinkingEnabled(params)).toBe(expected);
  });

  it("keep arguments of a chat template", () => {
    const payload: Record<string, unknown> = { chat_template_kwargs: { preserve_thinking: false, own: 1 } };
    setQwenChatTemplateThinking(payload, true);
    expect(payload["chat_template_kwargs"]).toEqual({
      preserve_thinking: false,
      own: 1,
      enable_thinking: true,
    });
  });

  it("carry thoughts of the answers that need them, and none while the model does not think", () => {
    const messages = () => [
      { role: "user", reasoning_content: "odd" },
      { role: "assistant", reasoning_content: null },
      { role: "assistant", tool_calls: [{}] },
      { role: "assistant", reasoning_content: "kept" },
    ];
    const edited = (params: Parameters<typeof normalizeOpenAICompatibleReasoningReplay>[1]) => {
      const payload = { messages: messages() };
      normalizeOpenAICompatibleReasoningReplay(payload, params);
      return payload.messages.map((message) => message.reasoning_content);
    };
    expect(edited({ thinkingEnabled: true })).toEqual(["odd", null, "", "kept"]);
    expect(edited({ thinkingEnabled: true, replaceNullReasoningContent: true })).toEqual([
      "odd",
      "",
      "",
      "kept",
    ]);
    const never = { thinkingEnabled: true, shouldBackfillAssistantMessage: () => false };
    expect(edited(never)).toEqual(["odd", null, undefined, "kept"]);
    expect(edited({ thinkingEnabled: false })).toEqual([undefined, undefined, undefined, undefined]);
    expect(edited({ thinkingEnabled: false, stripAssistantMessagesOnly: true })[0]).toBe("odd");
  });
});

describe("facts about models and accounts", () => {
  it("add to what is known of a model's server, or leave the model as it is", () => {
    const known = { id: "m", compat: { a: 1 } };
    expect(applyModelCompatPatch(known, { b: ["x"] })).toEqual({ id: "m", compat: { a: 1, b: ["x"] } });
    expect(applyModelCompatPatch(known, { a: 1 })).toBe(known);
  });

  it.each([
    [3, 3],
    [" 2.5 ", 2.5],
    [0, 0],
    [-1, undefined],
    ["", undefined],
    ["much", undefined],
    [null, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ])("read the amount %j", (value, expected) => {
    expect(parseProviderUsageNonNegativeNumber(value)).toBe(expected);
  });
});
