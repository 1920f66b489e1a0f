import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerReader, parseArguments } from "../../../extensions/openai-compatible/answer-reader.ts";
import { completionsStream } from "../../../extensions/openai-compatible/completions-stream.ts";
import plugin from "../../../extensions/openai-compatible/index.ts";
import type { ModelContext, ModelDefinition } from "../../../src/contracts/model-stream.ts";
import { AnswerBuilder, readDataLines } from "../../../src/plugin-sdk/model-stream.ts";
import { catalogContext, collect, type Handler, providersOf, serve } from "../support.ts";

const context: ModelContext = {
  systemPrompt: "Be brief.",
  messages: [{ role: "user", content: "hi", timestamp: 1 }],
};

const chunk = (delta: object, more: object = {}) => ({
  id: "c1",
  model: "m-real",
  choices: [{ delta, ...more }],
});

async function ask(handler: Handler, fields: Partial<ModelDefinition> = {}, options = {}) {
  const baseUrl = `${await serve(handler)}/v1`;
  const model: ModelDefinition = { id: "m", provider: "p", api: "openai-completions", baseUrl, ...fields };
  return collect(completionsStream, model, context, { apiKey: "sk-secret-key", ...options });
}

const streaming =
  (chunks: unknown[], end = "data: [DONE]\n\n"): Handler =>
  (_request, response) => {
    response.setHeader("content-type", "text/event-stream");
    for (const value of chunks) response.write(`data: ${JSON.stringify(value)}\n\n`);
    response.end(end);
  };

describe("chat completions", () => {
  it("sends the documented body and streams text, thinking and usage", async () => {
    let seen: Record<string, unknown> = {};
    let key: string | undefined;
    const { events, message } = await ask((request, response, body) => {
      seen = JSON.parse(body);
      key = request.headers.authorization;
      streaming([
        chunk({ role: "assistant", reasoning_content: "hm" }),
        chunk({ content: "Hel" }),
        chunk({ content: "lo" }),
        chunk({}, { finish_reason: "stop" }),
        {
          choices: [],
          usage: { prompt_tokens: 12, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } },
        },
      ])(request, response, body);
    });
    expect(key).toBe("Bearer sk-secret-key");
    expect(seen).toEqual({
      model: "m",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
    });
    const deltas = events.flatMap((event) => (event.type === "text_delta" ? [event.delta] : []));
    expect(deltas.join("")).toBe("Hello");
    expect(message).toMatchObject({
      content: [
        { type: "thinking", thinking: "hm" },
        { type: "text", text: "Hello" },
      ],
      responseId: "c1",
      responseModel: "m-real",
      usage: { input: 8, output: 2, cacheRead: 4, totalTokens: 14 },
      stopReason: "stop",
    });
  });

  it("makes one delta of neighbouring text that was read together, in the order of the chunks", () => {
    const reader = new AnswerReader(new AnswerBuilder({ api: "a", provider: "p", id: "m" }));
    const together = [
      chunk({ reasoning_content: "h" }),
      chunk({ reasoning_content: "m" }),
      chunk({ content: "Hel" }),
      chunk({ content: "lo" }),
      null,
      chunk({}, { finish_reason: "stop" }),
      "[DONE]",
      chunk({ content: "after the end" }),
    ];
    const events = [...reader.read(together)].map(({ type, ...event }) => [
      type,
      "delta" in event && event.delta,
    ]);
    expect(events).toEqual([
      ["thinking_start", false],
      ["thinking_delta", "hm"],
      ["thinking_end", false],
      ["text_start", false],
      ["text_delta", "Hello"],
    ]);
    expect([reader.finished, reader.closed]).toEqual([true, true]);
  });

  it("keeps the text that came together with what broke the answer", async () => {
    const { events, message } = await ask(
      streaming([chunk({ content: "half" }), { error: { message: "out of memory" } }], ""),
    );
    expect(events.some((event) => event.type === "text_delta" && event.delta === "half")).toBe(true);
    expect(message).toMatchObject({ stopReason: "error", content: [{ type: "text", text: "half" }] });
  });

  it("assembles tool calls from fragments, also without ids and indexes", async () => {
    const { message } = await ask(
      streaming([
        chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "one", arguments: '{"x"' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }),
        chunk({ tool_calls: [{ index: 1, function: { name: "two", arguments: "{}" } }] }),
        chunk({}, { finish_reason: "tool_calls" }),
      ]),
    );
    expect(message.stopReason).toBe("toolUse");
    expect(message.content).toEqual([
      { type: "toolCall", id: "a", name: "one", arguments: { x: 1 } },
      { type: "toolCall", id: expect.stringMatching(/^call_/), name: "two", arguments: {} },
    ]);
    const bare = await ask(
      streaming([
        chunk({ tool_calls: [{ function: { name: "one", arguments: { y: 2 } } }] }),
        chunk({ tool_calls: [{ function: { name: "two", arguments: "{" } }] }),
        chunk({}, { finish_reason: "stop" }),
      ]),
    );
    expect(bare.message.content).toMatchObject([
      { name: "one", arguments: { y: 2 } },
      { name: "two", arguments: {} },
    ]);
    expect(bare.message.stopReason).toBe("toolUse");
  });

  it("sends tools, calls and results back in the protocol's form", async () => {
    let seen: { messages: object[]; tools: object[] } = { messages: [], tools: [] };
    const baseUrl = await serve((request, response, body) => {
      seen = JSON.parse(body);
      streaming([chunk({ content: "ok" }, { finish_reason: "stop" })])(request, response, body);
    });
    const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, totalTokens: 0 };
    await collect(
      completionsStream,
      { id: "m", provider: "p", api: "openai-completions", baseUrl },
      {
        tools: [{ name: "look", description: "Looks", parameters: { type: "object" } }],
        messages: [
          { role: "user", content: [{ type: "image", data: "AAAA", mimeType: "image/png" }], timestamp: 1 },
          {
            role: "assistant",
            content: [{ type: "toolCall", id: "c", name: "look", arguments: { at: "it" } }],
            api: "",
            provider: "",
            model: "",
            usage: { ...usage, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 } },
            stopReason: "toolUse",
            timestamp: 2,
          },
          {
            role: "toolResult",
            toolCallId: "c",
            toolName: "look",
            content: [{ type: "text", text: "a cat" }],
            isError: false,
            timestamp: 3,
          },
        ],
      },
    );
    expect(seen.messages).toEqual([
      { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c", type: "function", function: { name: "look", arguments: '{"at":"it"}' } }],
      },
      { role: "tool", tool_call_id: "c", content: "a cat" },
    ]);
    expect(seen.tools).toEqual([
      { type: "function", function: { name: "look", description: "Looks", parameters: { type: "object" } } },
    ]);
  });

  it("accepts a plain JSON answer and an end without [DONE] after a finish reason", async () => {
    const plain = await ask((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ choices: [{ message: { content: "whole" }, finish_reason: "stop" }] }));
    });
    expect(plain.message).toMatchObject({ content: [{ text: "whole" }], stopReason: "stop" });
    const open = await ask(streaming([chunk({ content: "x" }, { finish_reason: "length" })], ""));
    expect(open.message).toMatchObject({ content: [{ text: "x" }], stopReason: "length" });
  });

  it("reports an answer that ends early and keeps the text", async () => {
    const { message, events } = await ask(streaming([chunk({ content: "half" })], ""));
    expect(message).toMatchObject({
      stopReason: "error",
      errorCode: "server_error",
      content: [{ text: "half" }],
    });
    expect(events.filter((event) => event.type === "error" || event.type === "done")).toHaveLength(1);
  });

  it.each([
    [400, '{"error":{"message":"bad shape"}}', "format"],
    [400, '{"error":{"message":"maximum context length is 8192"}}', "context_overflow"],
    [401, '{"error":"who are you"}', "auth"],
    [402, "", "billing"],
    [404, "", "model_not_found"],
    [429, '{"error":{"message":"slow down"}}', "rate_limit"],
    [500, "<html>", "server_error"],
    [302, "", "unknown"],
  ])("turns HTTP %i into one error event", async (status, body, code) => {
    const { message } = await ask((_request, response) => {
      response.writeHead(status, { location: "http://127.0.0.1:1/" });
      response.end(body);
    });
    expect(message).toMatchObject({ stopReason: "error", errorCode: code });
  });

  it("never shows the key in an error", async () => {
    const { message } = await ask((_request, response) => {
      response.writeHead(401);
      response.end('{"error":{"message":"Incorrect API key provided: sk-secret-key"}}');
    });
    expect(message.errorMessage).not.toContain("sk-secret-key");
    expect(message.errorCode).toBe("auth_permanent");
  });

  it("keeps the text when it is stopped and says where nobody listens", async () => {
    const stop = new AbortController();
    const { message } = await ask(
      (_request, response) => {
        response.setHeader("content-type", "text/event-stream");
        response.write(`data: ${JSON.stringify(chunk({ content: "some" }))}\n\n`, () =>
          setTimeout(() => stop.abort(), 30),
        );
      },
      {},
      { signal: stop.signal },
    );
    expect(message).toMatchObject({ stopReason: "aborted", content: [{ text: "some" }] });
    const model = { id: "m", provider: "p", api: "openai-completions", baseUrl: "http://127.0.0.1:9/v1" };
    const nobody = await collect(completionsStream, model, context);
    expect(nobody.message).toMatchObject({ stopReason: "error", errorCode: "timeout" });
  });

  it("reads data lines alike however the bytes are cut and lines end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.constantFrom("\n", "\r\n", "\n\n", "\r\n\r\n"),
        fc.integer({ min: 1, max: 7 }),
        async (values, end, size) => {
          const bytes = new TextEncoder().encode(
            values.map((value) => `data: ${JSON.stringify({ value })}${end}`).join(""),
          );
          async function* cut() {
            for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
          }
          const read = [];
          for await (const together of readDataLines(cut())) read.push(...together);
          expect(read).toEqual(JSON.parse(JSON.stringify(values.map((value) => ({ value })))));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("repairs arguments that were cut off and never throws", () => {
    expect(parseArguments('{"a":[1,{"b":"c')).toEqual({ a: [1, { b: "c" }] });
    expect(parseArguments('{"a":1,')).toEqual({ a: 1 });
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseArguments(text)).toBe("object");
      }),
    );
  });
});

describe("finding a model", () => {
  const models = JSON.stringify({ data: [{ id: "first" }, { id: "second" }] });

  it("offers nothing when nothing is configured", async () => {
    const { openai } = providersOf(plugin);
    expect(await openai?.suggestDefaultModel?.(catalogContext())).toBeNull();
    expect(await openai?.catalog?.run(catalogContext())).toBeNull();
  });

  it("lists and offers the models of a configured server", async () => {
    const base = await serve((request, response) =>
      response.end(request.url === "/v1/models" ? models : "{}"),
    );
    const { openai } = providersOf(plugin);
    const env = { OPENAI_BASE_URL: `${base}/v1/`, OPENAI_API_KEY: "k" };
    expect(await openai?.suggestDefaultModel?.(catalogContext({}, env))).toEqual({
      model: "openai/first",
      priority: 20,
    });
    expect(await openai?.catalog?.run(catalogContext({}, env))).toMatchObject({
      provider: { baseUrl: `${base}/v1`, models: [{ id: "first" }, { id: "second" }] },
    });
    const rows = { providers: { lab: { baseUrl: base, models: [{ id: "own" }] } } };
    expect(await openai?.suggestDefaultModel?.(catalogContext({ models: rows }, env))).toEqual({
      model: "lab/own",
      priority: 30,
    });
  });

  it("detects a local Ollama, and is told not to", async () => {
    const tags = {
      models: [
        { name: "old", modified_at: "2024" },
        { name: "new", modified_at: "2026" },
      ],
    };
    const base = await serve((_request, response) => response.end(JSON.stringify(tags)));
    const { ollama } = providersOf(plugin);
    const env = { OLLAMA_HOST: base.replace("http://", "") };
    expect(await ollama?.suggestDefaultModel?.(catalogContext({}, env))).toEqual({
      model: "ollama/new",
      priority: 10,
    });
    expect(await ollama?.catalog?.run(catalogContext({}, env))).toMatchObject({
      provider: { baseUrl: `${base}/v1` },
    });
    expect(
      await ollama?.suggestDefaultModel?.(catalogContext({}, { OLLAMA_HOST: "127.0.0.1:9" })),
    ).toBeNull();
    const off = providersOf(plugin, { detectOllama: false })["ollama"];
    expect(await off?.suggestDefaultModel?.(catalogContext({}, env))).toBeNull();
  });
});

describe("what a server is told of earlier turns and of its tools", () => {
  const sentBody = async (fields: Partial<ModelDefinition>, given: ModelContext, options = {}) => {
    let seen: Record<string, unknown> = {};
    const baseUrl = `${await serve((request, response, body) => {
      seen = JSON.parse(body);
      streaming([chunk({ content: "ok" }, { finish_reason: "stop" })])(request, response, body);
    })}/v1`;
    const model: ModelDefinition = { id: "m", provider: "p", api: "openai-completions", baseUrl, ...fields };
    await collect(completionsStream, model, given, options);
    return seen;
  };

  it("has the thoughts of the same model in the field they came in, and those of others not at all", async () => {
    const { message } = await ask(
      streaming([chunk({ reasoning: "hm" }), chunk({ content: "a" }, { finish_reason: "stop" })]),
    );
    expect(message.content[0]).toMatchObject({ type: "thinking", thinkingSignature: "reasoning" });
    const messages = [message, { ...message, model: "another" }];
    const { messages: wire } = await sentBody({}, { messages });
    expect(wire).toEqual([
      { role: "assistant", content: "a", reasoning: "hm" },
      { role: "assistant", content: "a" },
    ]);
  });

  it("leaves words of schemas out that the server refuses, but no property of that name", async () => {
    const parameters = {
      type: "object",
      properties: {
        maxLength: { type: "string", maxLength: 3 },
        list: { items: { type: "string", minLength: 1 } },
      },
    };
    const body = await sentBody(
      { compat: { unsupportedToolSchemaKeywords: ["maxLength", "minLength"] } },
      { messages: context.messages, tools: [{ name: "t", description: "", parameters }] },
    );
    const [tool] = body["tools"] as { function: { parameters: object } }[];
    expect(tool?.function.parameters).toEqual({
      type: "object",
      properties: { maxLength: { type: "string" }, list: { items: { type: "string" } } },
    });
  });

  it("says how hard to think in the server's words, and off only where it has one", async () => {
    const effort = async (reasoningEffortMap: object, reasoning?: string) =>
      (
        await sentBody(
          { reasoning: true, compat: { supportsReasoningEffort: true, reasoningEffortMap } },
          context,
          reasoning ? { reasoning } : {},
        )
      )["reasoning_effort"];
    expect(await effort({ low: "high" }, "low")).toBe("high");
    expect(await effort({ off: "none" })).toBe("none");
    expect(await effort({})).toBeUndefined();
  });
});
