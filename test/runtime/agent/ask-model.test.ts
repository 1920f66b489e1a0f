import { describe, expect, it } from "vitest";
import type { AssistantMessage } from "../../../src/contracts/messages.ts";
import type { ModelContext, StreamOptions } from "../../../src/contracts/model-stream.ts";
import type { ProviderPlugin, ProviderStreamContext } from "../../../src/contracts/provider.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import {
  askModel,
  FIRST_RETRY_MS,
  LONGEST_SERVER_DELAY_MS,
  MAX_PASSING_TRIES,
  MAX_RATE_LIMIT_TRIES,
} from "../../../src/runtime/agent/ask-model.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { assistant, fixedConfig, registryOf, say } from "./support.ts";

interface Reply {
  status: number;
  headers?: Record<string, string>;
  message: AssistantMessage;
  /** Said before the message. */
  text?: string;
}

const failure = (errorCode: string, errorMessage = "no") =>
  assistant([], { stopReason: "error", errorCode, errorMessage });

/** A provider whose transport answers from a list, the last reply for good. */
function room(replies: Reply[], fields: Partial<ProviderPlugin> = {}, settings: SluiceConfig = {}) {
  const clock = new ManualClock();
  const asked: { context: ModelContext; options: StreamOptions }[] = [];
  const provider: ProviderPlugin = {
    id: "p",
    label: "P",
    auth: [],
    envVars: ["P_KEY"],
    catalog: {
      run: () => ({
        provider: { baseUrl: "https://p.test", api: "x", models: [{ id: "m", reasoning: true }] },
      }),
    },
    createStreamFn:
      () =>
      (model, context, options = {}) => {
        asked.push({ context, options });
        const reply = (replies.length > 1 ? replies.shift() : replies[0]) as Reply;
        async function* events() {
          options.onResponse?.({ status: reply.status, headers: reply.headers ?? {} }, model);
          if (reply.text) yield { type: "text_delta" as const, contentIndex: 0, delta: reply.text };
          if (reply.message.stopReason === "error") {
            yield { type: "error" as const, reason: "error" as const, error: reply.message };
          } else yield { type: "done" as const, reason: "stop" as const, message: reply.message };
        }
        return Object.assign(events(), { result: () => Promise.reject(new Error("not used")) });
      },
    ...fields,
  };
  const models = createModels({
    registry: registryOf({ provider: { p: provider } }),
    config: fixedConfig(settings),
    clock,
    logger: silentLogger,
    env: { P_KEY: "key" },
  });
  const ask = async (more: { thinking?: string; signal?: AbortSignal } = {}) => {
    const retries: number[] = [];
    const resolved = await models.resolve("p/m");
    const answer = askModel({
      models,
      resolved,
      question: {
        messages: [{ role: "user", content: "hi", timestamp: 1 }],
        tools: [{ name: "t", description: "", parameters: { type: "object" } }],
        ...(more.thinking === undefined ? {} : { thinking: more.thinking }),
      },
      signal: more.signal ?? new AbortController().signal,
      clock,
      onEvent: () => {},
      onRetry: ({ delayMs }) => retries.push(delayMs),
    });
    return { answer, retries };
  };
  return { asked, clock, ask };
}

async function settled(clock: ManualClock, answer: Promise<AssistantMessage>): Promise<AssistantMessage> {
  let over = false;
  void answer.then(() => (over = true));
  for (let turn = 0; turn < 200 && !over; turn++) await clock.advance(1_000);
  return answer;
}

describe("asking a model again", () => {
  it("waits longer each time and gives up after so many tries", async () => {
    for (const [code, tries] of [
      ["rate_limit", MAX_RATE_LIMIT_TRIES],
      ["server_error", MAX_PASSING_TRIES - 1],
    ] as const) {
      const { ask, asked, clock } = room([{ status: 500, message: failure(code) }]);
      const { answer, retries } = await ask();
      expect(await settled(clock, answer)).toMatchObject({ errorCode: code });
      expect(asked).toHaveLength(tries);
      expect(retries.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 30].map((factor) => factor * FIRST_RETRY_MS));
    }
  });

  it("waits as long as the server says, and not at all for one that wants too long", async () => {
    const date = (clock: ManualClock, ms: number) => new Date(clock.now() + ms).toUTCString();
    const { ask, asked, clock } = room([
      { status: 429, headers: { "retry-after": "7" }, message: failure("rate_limit") },
      { status: 429, headers: { "retry-after-ms": "250" }, message: failure("rate_limit") },
      {
        status: 429,
        headers: { "retry-after": date(new ManualClock(), 20_000) },
        message: failure("rate_limit"),
      },
      {
        status: 429,
        headers: { "retry-after": String(LONGEST_SERVER_DELAY_MS / 1_000) },
        message: failure("rate_limit"),
      },
      {
        status: 429,
        headers: { "retry-after": String(LONGEST_SERVER_DELAY_MS / 1_000 + 1) },
        message: failure("rate_limit"),
      },
    ]);
    const { answer, retries } = await ask();
    expect(await settled(clock, answer)).toMatchObject({ errorCode: "rate_limit" });
    expect(retries[0]).toBe(7_000);
    expect(retries[1]).toBe(250);
    expect(retries[2]).toBeGreaterThan(11_000);
    expect(retries[2]).toBeLessThan(14_000);
    expect(retries[3]).toBe(LONGEST_SERVER_DELAY_MS);
    expect(asked).toHaveLength(5);
  });

  it("does not repeat what was half said, what was refused, or what reached no server", async () => {
    for (const reply of [
      { status: 500, message: failure("server_error"), text: "Well" },
      { status: 401, message: failure("auth") },
    ]) {
      const { ask, asked } = room([reply]);
      await (await ask()).answer;
      expect(asked).toHaveLength(1);
    }
  });

  it("stops waiting when the turn is stopped", async () => {
    const { ask, asked } = room([{ status: 503, message: failure("overloaded") }]);
    const stop = new AbortController();
    const { answer } = await ask({ signal: stop.signal });
    setImmediate(() => stop.abort());
    expect(await answer).toMatchObject({ stopReason: "aborted" });
    expect(asked).toHaveLength(1);
  });
});

describe("[F031] a provider's say in a request", () => {
  it("covers messages, tools, parameters, thinking and the stream itself", async () => {
    const seen: ProviderStreamContext[] = [];
    const { ask, asked } = room(
      [{ status: 200, message: say("ok") }],
      {
        buildReplayPolicy: ({ modelApi }) => ({ applyAssistantFirstOrderingFix: modelApi === "x" }),
        sanitizeReplayHistory: async ({ messages }) => [
          ...messages,
          { role: "user", content: "and", timestamp: 2 },
        ],
        validateReplayTurns: ({ messages }) => messages.slice(-1),
        normalizeToolSchemas: ({ tools }) => tools.map((tool) => ({ ...tool, description: "seen" })),
        prepareExtraParams: ({ extraParams }) => ({ ...extraParams, temperature: 0.5, own: true }),
        extraParamsForTransport: ({ transport }) => ({ patch: { top_p: transport === "x" ? 0.1 : 1 } }),
        prepareRuntimeAuth: async ({ apiKey, authMode }) => ({ apiKey: `${authMode}:${apiKey}` }),
        wrapStreamFn: (context) => {
          seen.push(context);
          return context.streamFn;
        },
      },
      { agents: { defaults: { models: { "p/m": { params: { maxTokens: 9, extra_body: { seed: 1 } } } } } } },
    );
    expect(await (await ask({ thinking: "high" })).answer).toMatchObject({ stopReason: "stop" });
    expect(asked[0]).toMatchObject({
      context: { messages: [{ content: "and" }], tools: [{ name: "t", description: "seen" }] },
      options: { apiKey: "api-key:key", maxTokens: 9, reasoning: "high", temperature: 0.5, topP: 0.1 },
    });
    expect(asked[0]?.options.onPayload?.({ model: "m" }, {} as never)).toEqual({ model: "m", seed: 1 });
    expect(seen[0]).toMatchObject({ thinkingLevel: "high", extraParams: { own: true }, modelId: "m" });
  });

  it("counts for nothing when its functions throw, but credentials that cannot be had end the request", async () => {
    const broken = () => {
      throw new Error("broken");
    };
    const { ask } = room([{ status: 200, message: say("ok") }], {
      buildReplayPolicy: broken,
      sanitizeReplayHistory: broken,
      normalizeToolSchemas: broken,
      prepareExtraParams: broken,
      wrapStreamFn: broken,
    });
    expect(await (await ask()).answer).toMatchObject({ stopReason: "stop" });
    const locked = room([{ status: 200, message: say("ok") }], {
      prepareRuntimeAuth: async () => {
        throw new Error("the sign-in has expired");
      },
    });
    expect(await (await locked.ask()).answer).toMatchObject({
      stopReason: "error",
      errorCode: "auth",
      errorMessage: "the sign-in has expired",
    });
    expect(locked.asked).toEqual([]);
  });

  it("covers the reason of a failure", async () => {
    const { ask } = room([{ status: 400, message: failure("format", "too much") }], {
      matchesContextOverflowError: ({ errorMessage }) => errorMessage === "too much",
    });
    expect(await (await ask()).answer).toMatchObject({ errorCode: "context_overflow" });
    const { ask: again } = room([{ status: 418, message: failure("format") }], {
      classifyFailoverReason: ({ status }) => (status === 418 ? "billing" : null),
    });
    expect(await (await again()).answer).toMatchObject({ errorCode: "billing" });
  });
});
