import { describe, expect, it } from "vitest";
import { assistant, call, FOREVER_MS, openRoom, say } from "./support.ts";

describe("an agent turn", () => {
  it("records the message, streams the answer and ends in one terminal event", async () => {
    const room = await openRoom({ script: () => say("Hello there, friend") });
    const request = room.request({ text: "hi" });
    const accepted = await room.agent.accept(request);
    expect(accepted).toMatchObject({ runId: request.runId, status: "started", messageSeq: 1 });
    expect(room.events).toEqual([]);
    const outcome = await room.agent.wait(request.runId, FOREVER_MS);
    expect(outcome).toMatchObject({
      status: "done",
      payloads: [{ text: "Hello there, friend" }],
      model: "one",
    });
    expect(await room.transcript()).toEqual(["user: hi", "assistant: Hello there, friend"]);
    expect(room.events.map((event) => event.seq)).toEqual(room.events.map((_, index) => index + 1));
    const deltas = room.events.filter((event) => event.stream === "assistant");
    expect(deltas.map((event) => event.data["delta"]).join("")).toBe("Hello there, friend");
    const terminal = room.events.filter((event) => ["end", "error"].includes(String(event.data["phase"])));
    expect(terminal).toHaveLength(1);
    expect(room.events.at(-1)).toBe(terminal[0]);
  });

  it("costs a plain turn on an idle session two store calls", async () => {
    const room = await openRoom();
    const before = await room.store.stats();
    const request = room.request();
    await room.agent.accept(request);
    await room.agent.wait(request.runId, FOREVER_MS);
    const after = await room.store.stats();
    expect(after.calls - before.calls).toBeLessThanOrEqual(2);
  });

  it("reports a repeated run id instead of running it again", async () => {
    let asked = 0;
    const room = await openRoom({
      script: () => {
        asked += 1;
        return say("once");
      },
    });
    const request = room.request();
    const [first, second] = await Promise.all([room.agent.accept(request), room.agent.accept(request)]);
    expect([first?.status, second?.status]).toEqual(["started", "in_flight"]);
    await room.agent.wait(request.runId, FOREVER_MS);
    const third = await room.agent.accept(request);
    expect(third).toMatchObject({ status: "ended", outcome: { status: "done" } });
    expect(asked).toBe(1);
    expect(await room.transcript()).toEqual(["user: hi", "assistant: once"]);
  });

  it("answers a session's messages one after the other and shows each turn the ones before it", async () => {
    const seen: string[][] = [];
    const room = await openRoom({
      script: async (context) => {
        seen.push(context.messages.map((message) => `${message.role}:${textOf(message.content)}`));
        await new Promise((resolve) => setImmediate(resolve));
        return say(`answer to ${textOf(context.messages.at(-1)?.content)}`);
      },
    });
    const requests = ["one", "two", "three"].map((text) => room.request({ text }));
    for (const request of requests) void room.agent.accept(request);
    await room.agent.accept(room.request({ text: "four" }));
    await room.agent.whenIdle("agent:main:main");
    expect(seen).toHaveLength(4);
    expect(seen[2]).toEqual([
      "user:one",
      "assistant:answer to one",
      "user:two",
      "assistant:answer to two",
      "user:three",
    ]);
    expect((await room.store.call.turns.counts({})).byStatus).toMatchObject({
      done: 4,
      queued: 0,
      running: 0,
    });
  });

  it("gives a silent answer no payload and shows none of it", async () => {
    const room = await openRoom({ script: () => say("NO_REPLY") });
    const request = room.request();
    await room.agent.accept(request);
    expect(await room.agent.wait(request.runId, FOREVER_MS)).toMatchObject({ status: "done", payloads: [] });
    expect(room.events.filter((event) => event.stream === "assistant")).toEqual([]);
  });

  it("asks once more when the answer is empty, then says so", async () => {
    const rounds: number[] = [];
    const empty = await openRoom({
      script: (_context, _options, round) => {
        rounds.push(round);
        return say("");
      },
    });
    const request = empty.request();
    await empty.agent.accept(request);
    const outcome = await empty.agent.wait(request.runId, FOREVER_MS);
    expect(outcome).toMatchObject({ status: "failed", error: { code: "EMPTY_RESPONSE" } });
    expect(outcome?.payloads[0]?.isError).toBe(true);
    expect(rounds).toEqual([0, 1]);

    const second = await openRoom({ script: (_context, _options, round) => say(round === 0 ? "" : "now") });
    const again = second.request();
    await second.agent.accept(again);
    expect(await second.agent.wait(again.runId, FOREVER_MS)).toMatchObject({ payloads: [{ text: "now" }] });
  });

  it("turns a provider's error into a failed outcome with a visible payload", async () => {
    const room = await openRoom({
      script: () => assistant([], { stopReason: "error", errorMessage: "no credit", errorCode: "billing" }),
    });
    const request = room.request();
    await room.agent.accept(request);
    const outcome = await room.agent.wait(request.runId, FOREVER_MS);
    expect(outcome).toMatchObject({ status: "failed", error: { code: "billing", message: "no credit" } });
    expect(outcome?.payloads).toEqual([{ text: expect.stringContaining("no credit"), isError: true }]);
    expect(room.events.at(-1)?.data).toMatchObject({ phase: "error", error: "no credit" });
  });

  it("survives a provider that throws, ends early or names an unknown model", async () => {
    const throwing = await openRoom({
      script: () => {
        throw new Error("wires crossed");
      },
    });
    const first = throwing.request();
    await throwing.agent.accept(first);
    expect(await throwing.agent.wait(first.runId, FOREVER_MS)).toMatchObject({
      status: "failed",
      error: { message: "wires crossed" },
    });
    const unknown = throwing.request({ model: "nobody/nothing" });
    await throwing.agent.accept(unknown);
    expect(await throwing.agent.wait(unknown.runId, FOREVER_MS)).toMatchObject({
      status: "failed",
      error: { code: "MODEL_UNKNOWN" },
    });
    const short = await openRoom({
      script: () =>
        (async function* () {
          yield { type: "text_delta", contentIndex: 0, delta: "half a" } as const;
        })(),
    });
    const third = short.request();
    await short.agent.accept(third);
    expect(await short.agent.wait(third.runId, FOREVER_MS)).toMatchObject({ status: "failed" });
    expect(await short.transcript()).toEqual(["user: hi", "assistant: half a"]);
  });

  it("adds usage and cost to the session", async () => {
    const room = await openRoom({ script: () => say("ok") });
    for (let turn = 0; turn < 2; turn++) {
      const request = room.request();
      await room.agent.accept(request);
      await room.agent.wait(request.runId, FOREVER_MS);
    }
    const session = await room.store.call.sessions.get({ sessionKey: "agent:main:main" });
    expect(session?.entry).toMatchObject({
      inputTokens: 20,
      outputTokens: 6,
      totalTokens: 13,
      status: "done",
    });
    expect(session?.messageCount).toBe(4);
  });

  it("writes outbox rows in the finishing transaction and tells about the end after it", async () => {
    const room = await openRoom({
      script: () => say("to the channel"),
      replyPlanner: {
        plan: (target, outcome) => [
          {
            outboxId: "out-1",
            idempotencyKey: `${outcome.runId}:0`,
            channel: target.channel,
            accountId: target.accountId,
            to: target.to,
            chunks: outcome.payloads.map((payload) => payload.text),
          },
        ],
      },
    });
    const committed = new Promise((resolve) => {
      room.agent.onFinished(() => resolve(room.store.call.outbox.list({})));
    });
    await room.agent.accept(
      room.request({ deliver: { channel: "chat", accountId: "default", to: "someone" } }),
    );
    expect(await committed).toMatchObject([{ outboxId: "out-1", chunks: ["to the channel"] }]);
  });

  it("uses the session's model before the default", async () => {
    const used: string[] = [];
    const room = await openRoom({
      hooks: { llm_input: (event: { model: string }) => used.push(event.model) },
    });
    const first = room.request();
    await room.agent.accept(first);
    await room.agent.wait(first.runId, FOREVER_MS);
    await room.store.call.sessions.patch({
      sessionKey: "agent:main:main",
      patch: { providerOverride: "scripted", modelOverride: "two" },
      now: Date.now(),
    });
    const second = room.request();
    await room.agent.accept(second);
    await room.agent.wait(second.runId, FOREVER_MS);
    expect(used).toEqual(["one", "two"]);
  });

  it("does not lose what a tool-calling turn said before its last word", async () => {
    const room = await openRoom({
      script: (_context, _options, round) => (round === 0 ? call("missing", {}) : say("done")),
    });
    const request = room.request();
    await room.agent.accept(request);
    await room.agent.wait(request.runId, FOREVER_MS);
    expect(await room.transcript()).toEqual([
      "user: hi",
      "assistant: <missing>",
      "toolResult: Tool missing not found",
      "assistant: done",
    ]);
  });
});

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return (content as { text?: string }[]).map((part) => part.text ?? "").join("");
}
