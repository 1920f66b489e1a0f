import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedFrame, textFrame } from "../../../src/gateway/events/frame.ts";
import { EventHub, type EventReceiver, Subscriptions } from "../../../src/gateway/events/hub.ts";
import { RunProjector } from "../../../src/gateway/events/run-projector.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";

interface Told {
  event: string;
  payload: Record<string, unknown> & { data?: Record<string, unknown> };
}

function receiver(told: Told[], fields: Partial<EventReceiver> = {}): EventReceiver {
  return {
    connId: "c",
    role: "operator",
    scopes: ["operator.read"],
    capabilities: new Set(),
    subscriptions: new Subscriptions(),
    deliver: (frame) => told.push(JSON.parse(`{${frame.body.toString()}`) as Told),
    ...fields,
  };
}

function projection() {
  const clock = new ManualClock();
  const hub = new EventHub({ logger: silentLogger });
  const told: Told[] = [];
  hub.add(receiver(told));
  const projector = new RunProjector({ hub, clock });
  let seq = 0;
  const emit = (stream: string, data: Record<string, unknown>) =>
    projector.accept({
      runId: "r",
      seq: ++seq,
      ts: clock.now(),
      sessionKey: "agent:main:main",
      sessionId: "s",
      agentId: "main",
      stream,
      data,
    });
  const end = (text: string) =>
    emit("lifecycle", {
      phase: "end",
      outcome: { status: "done", payloads: text ? [{ text }] : [], endedAt: clock.now(), stopReason: "stop" },
    });
  return { clock, hub, told, projector, emit, end };
}

const chat = (told: Told[]) => told.filter(({ event }) => event === "chat").map(({ payload }) => payload);

describe("live text", () => {
  it("goes out at once, then at most every 75 ms, merged", async () => {
    const { clock, told, emit } = projection();
    emit("assistant", { text: "Hello", delta: "Hello" });
    expect(chat(told)).toMatchObject([{ state: "delta", deltaText: "Hello", seq: 1 }]);
    emit("assistant", { text: "Hello big", delta: " big" });
    emit("assistant", { text: "Hello big world", delta: " world" });
    await clock.advance(74);
    expect(chat(told)).toHaveLength(1);
    await clock.advance(1);
    expect(chat(told).at(-1)).toMatchObject({ deltaText: " big world", seq: 3 });
    expect(told.filter(({ event }) => event === "agent").at(-1)?.payload.data).toMatchObject({
      text: "Hello big world",
      delta: " big world",
    });
  });

  it("is flushed before a tool starts and before the run ends", () => {
    const { told, emit, end } = projection();
    emit("assistant", { text: "a", delta: "a" });
    emit("assistant", { text: "ab", delta: "b" });
    emit("usage", { outputTokens: 2 });
    emit("assistant", { text: "abc", delta: "c" });
    end("abc");
    expect(chat(told).map((payload) => payload["deltaText"] ?? payload["state"])).toEqual([
      "a",
      "b",
      "c",
      "final",
    ]);
  });

  it("trims trailing space in chat frames and tells a replaced text as one", () => {
    const { told, emit, end } = projection();
    emit("assistant", { text: "one ", delta: "one " });
    end("two");
    expect(chat(told)).toMatchObject([
      { state: "delta", deltaText: "one" },
      { state: "delta", deltaText: "two", replace: true },
      { state: "final", message: { content: [{ type: "text", text: "two" }] } },
    ]);
  });

  it("ends every run in exactly one terminal frame whose text is the sum of the deltas", async () => {
    const pieces = fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 6 }), fc.constant("wait")), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(pieces, async (steps) => {
        const { clock, told, emit, end, projector } = projection();
        let text = "";
        for (const step of steps) {
          if (step === "wait") await clock.advance(80);
          else {
            text += step;
            emit("assistant", { text, delta: step });
          }
        }
        end(text);
        const frames = chat(told);
        expect(frames.filter((payload) => payload["state"] !== "delta")).toHaveLength(1);
        const sum = frames.reduce(
          (so, payload) => (payload["replace"] ? "" : so) + String(payload["deltaText"] ?? ""),
          "",
        );
        expect(sum).toBe(text.trimEnd());
        expect(projector.size).toBe(0);
        expect(clock.armed).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("says nothing of a silent reply but its end", () => {
    const { told, end } = projection();
    end("");
    expect(chat(told)).toEqual([
      {
        runId: "r",
        sessionKey: "agent:main:main",
        agentId: "main",
        seq: 1,
        state: "final",
        stopReason: "stop",
      },
    ]);
  });
});

describe("who receives what", () => {
  const publish = (fields: Partial<EventReceiver>, event: string, sessionKey?: string) => {
    const told: Told[] = [];
    const hub = new EventHub({ logger: silentLogger });
    hub.add(receiver(told, fields));
    hub.publish(event, {}, sessionKey === undefined ? {} : { sessionKey });
    return told.length;
  };

  it("guards events by scope and role", () => {
    expect(publish({ scopes: [] }, "presence")).toBe(0);
    expect(publish({ scopes: ["operator.write"] }, "presence")).toBe(1);
    expect(publish({ scopes: [] }, "tick")).toBe(1);
    expect(publish({ role: "node", scopes: [] }, "health")).toBe(1);
    expect(publish({ role: "node", scopes: ["operator.read"] }, "presence")).toBe(0);
    expect(publish({ scopes: ["operator.read"] }, "device.pair.requested")).toBe(0);
    expect(publish({ scopes: ["operator.admin"] }, "not.in.the.table")).toBe(0);
  });

  it("sends session events to subscribers only", () => {
    const subscriptions = new Subscriptions();
    expect(publish({}, "sessions.changed", "k")).toBe(0);
    subscriptions.followMessages("k");
    expect(publish({ subscriptions }, "session.message", "k")).toBe(1);
    expect(publish({ subscriptions }, "session.message", "other")).toBe(0);
    subscriptions.sessions = true;
    expect(publish({ subscriptions }, "sessions.changed", "k")).toBe(1);
  });

  it("keeps other sessions from clients that asked for their own", () => {
    const capabilities = new Set(["session-scoped-events"]);
    const subscriptions = new Subscriptions();
    subscriptions.followMessages("mine");
    expect(publish({ capabilities, subscriptions }, "chat", "mine")).toBe(1);
    expect(publish({ capabilities, subscriptions }, "chat", "theirs")).toBe(0);
    expect(publish({}, "chat", "theirs")).toBe(1);
  });
});

describe("shared frames", () => {
  it("frames any text of any length as RFC 6455 says, for every seq", () => {
    const decode = (frame: Buffer) => {
      const short = frame[1] as number;
      const [at, length] =
        short < 126
          ? [2, short]
          : short === 126
            ? [4, frame.readUInt16BE(2)]
            : [10, Number(frame.readBigUInt64BE(2))];
      expect(frame[0]).toBe(0x81);
      expect(frame.length - at).toBe(length);
      return frame.subarray(at).toString();
    };
    for (const size of [0, 1, 60, 125, 126, 127, 65_480, 65_535, 65_536, 70_000]) {
      const text = "é".repeat(Math.floor(size / 2)) + "x".repeat(size % 2);
      expect(decode(textFrame(text))).toBe(text);
      const frame = new SharedFrame("chat", JSON.stringify({ text }));
      for (const seq of [1, 9, 10, 12_345, undefined]) {
        const parsed = JSON.parse(decode(Buffer.concat(frame.pieces(seq)))) as Record<string, unknown>;
        expect(parsed).toEqual({ type: "event", event: "chat", payload: { text }, ...(seq ? { seq } : {}) });
      }
    }
  });
});
