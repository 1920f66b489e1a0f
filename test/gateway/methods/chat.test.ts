import { describe, expect, it } from "vitest";
import { RunProjector } from "../../../src/gateway/events/run-projector.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { MAX_ATTACHMENTS, MAX_IMAGE_BYTES } from "../../../src/runtime/sessions/chat-input.ts";
import { say } from "../../runtime/agent/support.ts";
import { openMethods, problemsWith } from "./support.ts";

const png = Buffer.from("\x89PNG\r\n\x1a\n-and-more-bytes", "latin1").toString("base64");
let keys = 0;
const key = () => `key-${++keys}`;

async function settled(
  room: { agent: { whenIdle(key: string): Promise<void> } },
  sessionKey = "agent:main:main",
) {
  await room.agent.whenIdle(sessionKey);
}

describe("chat.send", () => {
  it("commits the message, acknowledges, and the run ends in one terminal chat event", async () => {
    const room = await openMethods({ script: () => say("Hello there") });
    new RunProjector({ hub: room.services.hub, clock: systemClock }).follow(room.agent);
    const idempotencyKey = key();
    const ack = await room.call("chat.send", { sessionKey: "main", message: "hi", idempotencyKey });
    expect(ack).toEqual({ runId: idempotencyKey, status: "started", messageSeq: 1 });
    await settled(room);
    const chat = room.published.filter((frame) => frame.event === "chat").map((frame) => frame.payload);
    for (const payload of chat) {
      const state = String(payload["state"]);
      expect(problemsWith(`Chat${state[0]?.toUpperCase()}${state.slice(1)}Event`, payload)).toEqual([]);
    }
    expect(
      chat.filter((payload) => ["final", "error", "aborted"].includes(String(payload["state"]))),
    ).toHaveLength(1);
    expect(chat.at(-1)).toMatchObject({
      state: "final",
      sessionKey: "agent:main:main",
      message: { role: "assistant", content: [{ type: "text", text: "Hello there" }] },
    });
  });

  it("answers a repeated key with the state of the first run", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const room = await openMethods({
      script: async () => {
        await held;
        return say("late");
      },
    });
    const params = { sessionKey: "main", message: "hi", idempotencyKey: key() };
    expect(await room.call("chat.send", params)).toMatchObject({ status: "started" });
    expect(await room.call("chat.send", params)).toEqual({
      runId: params.idempotencyKey,
      status: "in_flight",
    });
    release();
    await settled(room);
    expect(await room.call("chat.send", params)).toEqual({ runId: params.idempotencyKey, status: "ok" });
  });

  it("stops the session's runs on a stop word and keeps the text so far", async () => {
    const room = await openMethods({
      script: async function* (_context, options) {
        yield { type: "text_delta", contentIndex: 0, delta: "so far" } as const;
        await new Promise((_, reject) =>
          options.signal?.addEventListener("abort", () => reject(new Error("stop"))),
        );
      },
    });
    const runId = key();
    await room.call("chat.send", { sessionKey: "main", message: "go", idempotencyKey: runId });
    while (room.agent.inFlight("agent:main:main")?.text !== "so far")
      await new Promise((next) => setImmediate(next));
    const stopped = await room.call("chat.send", {
      sessionKey: "main",
      message: " Stop! ",
      idempotencyKey: key(),
    });
    expect(stopped).toEqual({ ok: true, aborted: true, runIds: [runId] });
    await settled(room);
    expect(await room.transcript()).toEqual(["user: go", "assistant: so far"]);
  });

  it("cleans the text and refuses what is empty, too big or no image", async () => {
    const room = await openMethods();
    const send = (fields: object) =>
      room.call("chat.send", { sessionKey: "main", message: "", idempotencyKey: key(), ...fields });
    await send({ message: "a\u0000b\r\nc\u0301" });
    await settled(room);
    expect((await room.transcript())[0]).toBe("user: ab\nć");
    await expect(send({ message: " \u0007 " })).rejects.toThrow("message or attachment required");
    await expect(send({ attachments: [{ content: "bm90IGFuIGltYWdl" }] })).rejects.toThrow("not an image");
    await expect(send({ attachments: [{ content: "%%%" }] })).rejects.toThrow("base64");
    const big = Buffer.concat([Buffer.from(png, "base64"), Buffer.alloc(MAX_IMAGE_BYTES)]).toString("base64");
    await expect(send({ attachments: [{ content: big }] })).rejects.toThrow(String(MAX_IMAGE_BYTES));
    const many = Array.from({ length: MAX_ATTACHMENTS + 1 }, () => ({ content: png }));
    await expect(send({ attachments: many })).rejects.toThrow(String(MAX_ATTACHMENTS));
    expect(await send({ attachments: many.slice(1) })).toMatchObject({ status: "started" });
    await settled(room);
  });

  it("starts a new conversation on /new and keeps the old one out of the model's sight", async () => {
    const seen: number[] = [];
    const room = await openMethods({
      script: (context) => {
        seen.push(context.messages.length);
        return say("ok");
      },
    });
    const send = async (message: string) => {
      const ack = await room.call("chat.send", { sessionKey: "main", message, idempotencyKey: key() });
      await settled(room);
      return ack;
    };
    await send("one");
    await send("two");
    expect(await send("/new")).toMatchObject({ status: "ok" });
    await send("/new three");
    expect(seen).toEqual([1, 3, 1]);
    const history = await room.call("chat.history", { sessionKey: "main" });
    expect(history["totalMessages"]).toBe(2);
  });

  it("obeys the send policy and a stale view of the conversation", async () => {
    const room = await openMethods();
    const send = (fields: object) =>
      room.call("chat.send", { sessionKey: "main", message: "x", idempotencyKey: key(), ...fields });
    await send({ expectedLeafEntryId: null });
    await settled(room);
    await expect(send({ expectedLeafEntryId: "old" })).rejects.toMatchObject({
      details: { reason: "active-leaf-changed" },
    });
    await room.call("sessions.patch", { key: "main", sendPolicy: "deny" });
    await expect(send({})).rejects.toThrow("send blocked by session policy");
  });

  it("refuses a malformed session key", async () => {
    const room = await openMethods();
    await expect(
      room.call("chat.send", { sessionKey: "agent:", message: "x", idempotencyKey: key() }),
    ).rejects.toThrow("invalid session key");
  });
});

describe("chat.history", () => {
  it("pages back from the newest message and continues from a cursor", async () => {
    const room = await openMethods({ script: () => say("fine") });
    for (let turn = 0; turn < 3; turn++) {
      await room.call("chat.send", { sessionKey: "main", message: `m${turn}`, idempotencyKey: key() });
      await settled(room);
    }
    const newest = await room.call("chat.history", { sessionKey: "main", limit: 2 });
    expect(newest).toMatchObject({
      sessionKey: "agent:main:main",
      hasMore: true,
      totalMessages: 6,
      nextOffset: 2,
    });
    const older = await room.call("chat.history", { sessionKey: "main", limit: 4, offset: 2 });
    expect((older["messages"] as { content: unknown }[])[0]?.content).toBe("m0");
    expect(older["hasMore"]).toBe(false);
    expect(problemsWith("SessionRow", newest["sessionInfo"])).toEqual([]);

    const cursor = newest["deltaCursor"];
    await room.call("chat.send", { sessionKey: "main", message: "more", idempotencyKey: key() });
    await settled(room);
    const delta = await room.call("chat.history", { sessionKey: "main", cursor });
    expect(problemsWith("ChatHistoryCursorResult", delta)).toEqual([]);
    expect(delta["messages"]).toHaveLength(2);
    await room.call("sessions.reset", { key: "main" });
    expect(await room.call("chat.history", { sessionKey: "main", cursor })).toEqual({ kind: "reset" });
    expect(await room.call("chat.history", { sessionKey: "main", cursor: "nonsense" })).toEqual({
      kind: "reset",
    });
  });

  it("answers for a session that does not exist yet, and shows a run in flight", async () => {
    const room = await openMethods({
      script: async function* () {
        yield { type: "text_delta", contentIndex: 0, delta: "thinking aloud" } as const;
        await new Promise(() => {});
      },
    });
    expect(await room.call("chat.history", { sessionKey: "nobody" })).toMatchObject({
      messages: [],
      totalMessages: 0,
    });
    await room.call("chat.send", { sessionKey: "main", message: "x", idempotencyKey: key() });
    while (!room.agent.inFlight("agent:main:main")?.text) await new Promise((next) => setImmediate(next));
    expect(await room.call("chat.history", { sessionKey: "main" })).toMatchObject({
      inFlightRun: { text: "thinking aloud" },
      sessionInfo: { hasActiveRun: true },
    });
  });

  it("never shows a run both in the transcript and in flight, whenever it is asked", async () => {
    const room = await openMethods({ script: () => say("fine") });
    const seen = new Set<string>();
    for (let turn = 0; turn < 60; turn++) {
      const runId = key();
      await room.call("chat.send", { sessionKey: "main", message: "x", idempotencyKey: runId });
      for (let tick = 0; tick < turn % 20; tick++) await new Promise((next) => setImmediate(next));
      const page = await room.call("chat.history", { sessionKey: "main" });
      const isWritten = (page["messages"] as { role: string; __openclaw: { runId?: string } }[]).some(
        (message) => message.role === "assistant" && message.__openclaw.runId === runId,
      );
      seen.add(`written ${isWritten}, in flight ${page["inFlightRun"] !== undefined}`);
      await settled(room);
    }
    expect([...seen]).not.toContain("written true, in flight true");
    expect(seen).toContain("written true, in flight false");
  });
});

describe("chat.abort and chat.inject", () => {
  it("refuses a run of another session", async () => {
    const room = await openMethods();
    const runId = key();
    await room.call("chat.send", { sessionKey: "main", message: "x", idempotencyKey: runId });
    await settled(room);
    await expect(room.call("chat.abort", { sessionKey: "other", runId })).rejects.toThrow("another session");
    expect(await room.call("chat.abort", { sessionKey: "main", runId })).toEqual({
      ok: true,
      aborted: false,
      runIds: [],
    });
  });

  it("appends an operator's words as the agent's", async () => {
    const room = await openMethods();
    await expect(room.call("chat.inject", { sessionKey: "none", message: "x" })).rejects.toThrow(
      "No session found",
    );
    await room.call("chat.send", { sessionKey: "main", message: "x", idempotencyKey: key() });
    await settled(room);
    const { messageId } = await room.call("chat.inject", {
      sessionKey: "main",
      message: "from me",
      label: "ops",
    });
    expect(typeof messageId).toBe("string");
    expect((await room.transcript()).at(-1)).toBe("assistant: [ops] from me");
    expect(room.published.map((frame) => frame.event)).toContain("session.message");
  });

  it("gives a chat window its models and commands at once", async () => {
    const room = await openMethods();
    const startup = await room.call("chat.startup", { sessionKey: "main" });
    expect(startup["metadata"]).toMatchObject({
      models: [{ id: "one", tags: ["default"] }, { id: "two" }],
      commands: [],
    });
  });
});
