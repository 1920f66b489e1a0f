import { describe, expect, it } from "vitest";
import echo from "../../../extensions/echo/index.ts";
import type { ModelContext, StreamFn } from "../../../src/contracts/model-stream.ts";
import { collect, providersOf } from "../support.ts";

const model = { id: "echo-1", provider: "echo", api: "echo" };

function stream(config = {}): StreamFn {
  const provider = providersOf(echo, config)["echo"];
  return provider?.createStreamFn?.({
    config: {},
    env: {},
    provider: "echo",
    modelId: "echo-1",
    model,
  }) as StreamFn;
}

const asked = (text: string, extra: Partial<ModelContext> = {}): ModelContext => ({
  messages: [{ role: "user", content: text, timestamp: 1 }],
  ...extra,
});

describe("the echo model", () => {
  it("[F031] repeats the message word by word and says what it is", async () => {
    const { events, message } = await collect(stream(), model, asked("good morning"));
    const deltas = events.filter((event) => event.type === "text_delta");
    expect(deltas.length).toBeGreaterThan(5);
    const text = deltas.map((event) => event.delta).join("");
    expect(text).toMatch(/^You said: good morning/);
    expect(text).toContain("offline test model");
    expect(message.content).toEqual([{ type: "text", text }]);
    expect(message.usage.output).toBe(deltas.length);
    expect(events.at(-1)?.type).toBe("done");
  });

  it("offers itself only when nobody better is there", async () => {
    expect(await providersOf(echo)["echo"]?.suggestDefaultModel?.({} as never)).toEqual({
      model: "echo/echo-1",
      priority: 0,
    });
  });

  it("calls the tool it is asked to call and reports the result", async () => {
    const tools = [{ name: "clock", description: "", parameters: {} }];
    const first = await collect(stream(), model, asked('/tool clock {"zone":"UTC"}', { tools }));
    expect(first.message.stopReason).toBe("toolUse");
    const call = first.message.content.find((part) => part.type === "toolCall");
    expect(call).toMatchObject({ name: "clock", arguments: { zone: "UTC" } });
    const messages: ModelContext["messages"] = [
      ...asked("/tool clock {}").messages,
      first.message,
      {
        role: "toolResult",
        toolCallId: call?.id ?? "",
        toolName: "clock",
        content: [{ type: "text", text: "noon" }],
        isError: false,
        timestamp: 2,
      },
    ];
    const second = await collect(stream(), model, { messages, tools });
    expect(second.message.content).toEqual([{ type: "text", text: "clock returned: noon" }]);
  });

  it("says so when there is no such tool or the arguments are no object", async () => {
    const none = await collect(stream(), model, asked("/tool nothing {}"));
    expect(none.message.content[0]).toMatchObject({ text: expect.stringContaining("no tool named nothing") });
    const tools = [{ name: "clock", description: "", parameters: {} }];
    const bad = await collect(stream(), model, asked("/tool clock [1]", { tools }));
    expect(bad.message.content[0]).toMatchObject({ text: expect.stringContaining("JSON object") });
  });

  it("keeps what it said when it is stopped in the middle", async () => {
    const stop = new AbortController();
    const events = await stream({ delayMs: 10_000 })(model, asked("a b c"), { signal: stop.signal });
    const reading = (async () => {
      const seen = [];
      for await (const event of events) {
        seen.push(event);
        if (event.type === "start") stop.abort();
      }
      return seen;
    })();
    expect((await reading).at(-1)).toMatchObject({ type: "error", reason: "aborted" });
    const late = new AbortController();
    const running = await stream()(model, asked("one two three"), { signal: late.signal });
    for await (const event of running) if (event.type === "text_delta") late.abort();
    const message = await running.result();
    expect(message).toMatchObject({ stopReason: "aborted", content: [{ type: "text", text: "You" }] });
  });
});
