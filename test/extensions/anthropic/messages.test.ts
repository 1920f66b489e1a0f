import { describe, expect, it } from "vitest";
import { messagesStream } from "../../../extensions/anthropic/messages-stream.ts";
import type { Message } from "../../../src/contracts/messages.ts";
import type { ModelContext, ModelDefinition, StreamOptions } from "../../../src/contracts/model-stream.ts";
import { collect } from "../support.ts";
import { saying, type WireAnswer, wireServer } from "../wire-server.ts";

const HI: ModelContext = { messages: [{ role: "user", content: "hi", timestamp: 1 }] };

async function ask(
  answer: WireAnswer,
  {
    model,
    context = HI,
    options = {},
  }: { model?: Partial<ModelDefinition>; context?: ModelContext; options?: StreamOptions } = {},
) {
  const server = await wireServer({ "/v1/messages": answer });
  const definition: ModelDefinition = {
    id: "claude-test",
    provider: "anthropic",
    api: "anthropic-messages",
    baseUrl: server.url,
    ...model,
  };
  const outcome = await collect(messagesStream, definition, context, { apiKey: "sk-ant-key", ...options });
  return { ...outcome, asked: server.asked[0] };
}

const assistant = (content: Extract<Message, { role: "assistant" }>["content"]): Message => ({
  role: "assistant",
  content,
  api: "anthropic-messages",
  provider: "anthropic",
  model: "claude-test",
  usage: {
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
    totalTokens: 0,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
  },
  stopReason: "toolUse",
  timestamp: 1,
});

describe("messages of Anthropic's protocol", () => {
  it("sends the documented request and reads text and usage", async () => {
    const { asked, message } = await ask(saying("Hello"), {
      context: { ...HI, systemPrompt: "Be brief." },
      options: { maxTokens: 64, temperature: 0.5, stop: ["END"] },
    });
    expect(asked?.headers).toMatchObject({ "x-api-key": "sk-ant-key", "anthropic-version": "2023-06-01" });
    expect(asked?.headers["anthropic-beta"]).toBeUndefined();
    expect(asked?.body).toEqual({
      model: "claude-test",
      max_tokens: 64,
      temperature: 0.5,
      stop_sequences: ["END"],
      stream: true,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    });
    expect(message).toMatchObject({
      content: [{ type: "text", text: "Hello" }],
      responseId: "msg_1",
      responseModel: "claude-real",
      stopReason: "stop",
      usage: { input: 9, output: 3, cacheRead: 4, totalTokens: 16 },
    });
  });

  it("keeps the signature of thinking and shows both again, with calls and results in turn", async () => {
    const { message } = await ask({
      events: [
        { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
        { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
        { type: "content_block_stop", index: 0 },
        {
          type: "content_block_start",
          index: 1,
          content_block: { type: "redacted_thinking", data: "secret" },
        },
        { type: "content_block_stop", index: 1 },
        {
          type: "content_block_start",
          index: 2,
          content_block: { type: "tool_use", id: "t:1", name: "look", input: {} },
        },
        { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"at"' } },
        { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: ":1}" } },
        { type: "content_block_stop", index: 2 },
        { type: "message_delta", delta: { stop_reason: "tool_use" } },
        { type: "message_stop" },
      ],
    });
    expect(message.stopReason).toBe("toolUse");
    expect(message.content).toEqual([
      { type: "thinking", thinking: "hm", thinkingSignature: "sig" },
      { type: "thinking", thinking: "", thinkingSignature: "secret", redacted: true },
      { type: "toolCall", id: "t:1", name: "look", arguments: { at: 1 } },
    ]);
    const result = (toolCallId: string, text: string, isError = false): Message => ({
      role: "toolResult",
      toolCallId,
      toolName: "look",
      content: [
        { type: "text", text },
        { type: "image", data: "aW1n", mimeType: "image/png" },
      ],
      isError,
      timestamp: 2,
    });
    const { asked } = await ask(saying("done"), {
      model: { reasoning: true, maxTokens: 4_000 },
      context: {
        messages: [
          ...HI.messages,
          assistant([
            ...message.content,
            { type: "thinking", thinking: "unsigned" },
            { type: "text", text: " " },
          ]),
          result("t:1", "seen"),
          result("t:2", "gone", true),
        ],
        tools: [
          { name: "look", description: "Looks.", parameters: { properties: { at: { type: "number" } } } },
        ],
      },
      options: { reasoning: "high", temperature: 1, toolChoice: { function: { name: "look" } } },
    });
    expect(asked?.body).toMatchObject({
      max_tokens: 16_384 + 1_024,
      thinking: { type: "enabled", budget_tokens: 16_384 },
      tools: [{ name: "look", input_schema: { type: "object", properties: { at: { type: "number" } } } }],
      tool_choice: { type: "tool", name: "look" },
    });
    expect(asked?.body.temperature).toBeUndefined();
    expect(asked?.body.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "sig" },
          { type: "redacted_thinking", data: "secret" },
          { type: "tool_use", id: "t_1", name: "look", input: { at: 1 } },
        ],
      },
      {
        role: "user",
        content: [
          expect.objectContaining({ type: "tool_result", tool_use_id: "t_1" }),
          expect.objectContaining({ type: "tool_result", tool_use_id: "t_2", is_error: true }),
        ],
      },
    ]);
  });

  it("gives what was said before a failure, and why it failed", async () => {
    const half = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "half" } };
    const overloaded = await ask({
      events: [half, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }],
    });
    expect(overloaded.message).toMatchObject({
      stopReason: "error",
      errorCode: "overloaded",
      errorMessage: "Overloaded",
      content: [{ type: "text", text: "half" }],
    });
    expect((await ask({ events: [half] })).message).toMatchObject({
      stopReason: "error",
      errorMessage: expect.stringContaining("ended its answer early"),
    });
    const cut = await ask({
      events: [half, { type: "message_delta", delta: { stop_reason: "max_tokens" } }],
    });
    expect(cut.message.stopReason).toBe("length");
    const refused = await ask({ status: 401, json: { error: { message: "invalid key sk-ant-key" } } });
    expect(refused.message).toMatchObject({
      errorCode: "auth_permanent",
      errorMessage: "401 invalid key [redacted]",
    });
    const declined = await ask({ events: [{ type: "message_delta", delta: { stop_reason: "refusal" } }] });
    expect(declined.message).toMatchObject({ stopReason: "error", errorCode: "refusal" });
  });

  it("sends a subscription's token as such", async () => {
    const { asked } = await ask(saying("ok"), {
      options: { apiKey: "sk-ant-oat01-abc", headers: { "anthropic-beta": "one" } },
      model: { headers: { "anthropic-beta": "two, one" } },
    });
    expect(asked?.headers.authorization).toBe("Bearer sk-ant-oat01-abc");
    expect(asked?.headers["x-api-key"]).toBeUndefined();
    expect(asked?.headers["anthropic-beta"]).toBe("oauth-2025-04-20,two,one");
  });
});
