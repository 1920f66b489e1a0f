import { describe, expect, it } from "vitest";
import type { AssistantMessageEvent } from "../../../src/contracts/model-stream.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { ABORT_GRACE_MS } from "../../../src/runtime/agent/model-call.ts";
import { LOCAL_IDLE_TIMEOUT_MS } from "../../../src/runtime/models/index.ts";
import { call, FOREVER_MS, openRoom, say } from "./support.ts";

/** Says something and then nothing; `polite` ends itself when it is stopped. */
const stuck = (polite: boolean) =>
  async function* (
    _context: unknown,
    options: { signal?: AbortSignal },
  ): AsyncGenerator<AssistantMessageEvent> {
    yield { type: "text_delta", contentIndex: 0, delta: "so far" };
    await new Promise((_, reject) => {
      if (polite) options.signal?.addEventListener("abort", () => reject(new Error("stopped")));
    });
  };

async function until(condition: () => boolean) {
  while (!condition()) await new Promise((next) => setImmediate(next));
}

describe("stopping a turn", () => {
  it("keeps the text so far, settles queued turns at once and lets the next message through", async () => {
    let stopped = false;
    const room = await openRoom({
      script: (context, options, round) => (round === 0 ? stuck(true)(context, options) : say("next")),
    });
    const [first, second] = [room.request({ text: "1" }), room.request({ text: "2" })];
    await room.agent.accept(first);
    await until(() => room.agent.inFlight("agent:main:main")?.text === "so far");
    await room.agent.accept(second);
    const result = await room.agent.abort({ sessionKey: "agent:main:main", reason: "rpc" });
    stopped = result.aborted;
    expect(stopped).toBe(true);
    expect(result.runIds.sort()).toEqual([first.runId, second.runId].sort());
    expect(await room.agent.wait(first.runId, FOREVER_MS)).toMatchObject({
      status: "aborted",
      stopReason: "rpc",
      payloads: [],
      message: { stopReason: "aborted", content: [{ text: "so far" }] },
    });
    expect(await room.agent.wait(second.runId, FOREVER_MS)).toMatchObject({ status: "aborted" });
    const third = room.request({ text: "3" });
    await room.agent.accept(third);
    expect(await room.agent.wait(third.runId, FOREVER_MS)).toMatchObject({ status: "done" });
    expect(await room.transcript()).toEqual([
      "user: 1",
      "user: 2",
      "assistant: so far",
      "user: 3",
      "assistant: next",
    ]);
    expect((await room.store.call.turns.counts({})).balanced).toBe(true);
    const session = await room.store.call.sessions.get({ sessionKey: "agent:main:main" });
    expect(session?.entry).not.toHaveProperty("abortedLastRun");
  });

  it("does not stop other sessions or other runs", async () => {
    const room = await openRoom({ script: stuck(true) });
    const mine = room.request();
    const other = room.request({ sessionKey: "agent:main:other" });
    await room.agent.accept(mine);
    await room.agent.accept(other);
    expect(await room.agent.abort({ sessionKey: "agent:main:main", runId: "nobody", reason: "rpc" })).toEqual(
      {
        aborted: false,
        runIds: [],
      },
    );
    await room.agent.abort({ sessionKey: "agent:main:main", runId: mine.runId, reason: "rpc" });
    await room.agent.wait(mine.runId, FOREVER_MS);
    expect(room.agent.activeRuns().map((run) => run.runId)).toEqual([other.runId]);
  });

  it("gives a tool the signal and does not wait for one that ignores it", async () => {
    let signal: AbortSignal | undefined;
    const room = await openRoom({
      tools: [
        {
          name: "sleep",
          description: "",
          parameters: { type: "object" },
          execute: (_id, _params, given) => {
            signal = given;
            return new Promise(() => {});
          },
        },
      ],
      script: () => call("sleep", {}),
    });
    const request = room.request();
    await room.agent.accept(request);
    await until(() => signal !== undefined);
    await room.agent.abort({ sessionKey: "agent:main:main", reason: "rpc" });
    expect(await room.agent.wait(request.runId, FOREVER_MS)).toMatchObject({ status: "aborted" });
    expect(signal?.aborted).toBe(true);
    expect((await room.transcript()).at(-1)).toBe("toolResult: The call was aborted.");
  });

  it("stops a turn at its time limit, and one without limit not", async () => {
    const clock = new ManualClock();
    const room = await openRoom({ script: stuck(true), clock });
    const limited = room.request({ timeoutMs: 5_000 });
    const free = room.request({ timeoutMs: 0, sessionKey: "agent:main:free" });
    await room.agent.accept(limited);
    await room.agent.accept(free);
    await until(() => room.agent.activeRuns().length === 2 && room.events.length > 8);
    await clock.advance(4_999);
    expect(room.agent.activeRuns()).toHaveLength(2);
    await clock.advance(1);
    const outcome = await room.agent.wait(limited.runId, FOREVER_MS);
    expect(outcome).toMatchObject({
      status: "aborted",
      stopReason: "timeout",
      payloads: [{ isError: true }],
    });
    expect(room.agent.activeRuns().map((run) => run.runId)).toEqual([free.runId]);
    await room.agent.abort({ sessionKey: "agent:main:free", reason: "rpc" });
    await room.agent.whenIdle("agent:main:free");
  });

  it("gives up a model that falls silent, and leaves a stream behind that ignores its signal", async () => {
    const clock = new ManualClock();
    const room = await openRoom({ script: stuck(false), clock });
    const silent = room.request();
    await room.agent.accept(silent);
    await until(() => room.agent.inFlight("agent:main:main")?.text === "so far");
    await clock.advance(LOCAL_IDLE_TIMEOUT_MS);
    expect(await room.agent.wait(silent.runId, FOREVER_MS)).toMatchObject({
      status: "failed",
      error: { code: "timeout" },
    });
    const ignoring = room.request();
    await room.agent.accept(ignoring);
    await until(() => room.agent.inFlight("agent:main:main")?.text === "so far");
    await room.agent.abort({ sessionKey: "agent:main:main", reason: "rpc" });
    await clock.advance(ABORT_GRACE_MS);
    expect(await room.agent.wait(ignoring.runId, FOREVER_MS)).toMatchObject({
      status: "aborted",
      message: { content: [{ text: "so far" }] },
    });
    expect(clock.armed).toBe(0);
  });

  it("drains: finishes what runs, refuses the new, leaves the rest to the next start", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const room = await openRoom({
      script: async () => {
        await held;
        return say("late");
      },
    });
    const [running, waiting] = [room.request(), room.request()];
    await room.agent.accept(running);
    await room.agent.accept(waiting);
    const drained = room.agent.drain(FOREVER_MS);
    await expect(room.agent.accept(room.request())).rejects.toMatchObject({
      code: "AGENT_STOPPING",
      retryable: true,
    });
    release();
    await drained;
    const turns = await room.store.call.turns.counts({});
    expect(turns).toMatchObject({ balanced: true, byStatus: { done: 1, queued: 1, running: 0 } });
  });
});
