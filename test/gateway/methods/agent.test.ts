import { describe, expect, it } from "vitest";
import { assistant, say } from "../../runtime/agent/support.ts";
import { openMethods, problemsWith } from "./support.ts";

let keys = 0;
const key = () => `a-${++keys}`;

describe("agent methods", () => {
  it("answers twice: accepted, then the result", async () => {
    const room = await openMethods({ script: () => say("done it") });
    const first: unknown[] = [];
    const idempotencyKey = key();
    const result = await room.call("agent", { message: "do it", idempotencyKey, sessionKey: "work" }, first);
    expect(first).toMatchObject([
      { runId: idempotencyKey, sessionKey: "agent:main:work", agentId: "main", status: "accepted" },
    ]);
    expect(result).toMatchObject({
      runId: idempotencyKey,
      status: "ok",
      summary: "completed",
      result: {
        payloads: [{ text: "done it", mediaUrl: null }],
        meta: {
          agentMeta: { provider: "scripted", model: "one", usage: { input: 10, output: 3, total: 13 } },
        },
      },
    });
    const again: unknown[] = [];
    expect(await room.call("agent", { message: "do it", idempotencyKey, sessionKey: "work" }, again)).toEqual(
      result,
    );
    expect(again).toHaveLength(1);
  });

  it("derives the session from an id alone and fails with the run's error", async () => {
    const room = await openMethods({
      script: () => assistant([], { stopReason: "error", errorMessage: "no credit", errorCode: "billing" }),
    });
    const idempotencyKey = key();
    const first: Record<string, unknown>[] = [];
    await expect(
      room.call("agent", { message: "x", idempotencyKey, sessionId: "abc" }, first),
    ).rejects.toMatchObject({ code: "UNAVAILABLE", details: { runId: idempotencyKey, status: "error" } });
    expect(first[0]).not.toHaveProperty("sessionKey");
    expect(await room.sessions.get("agent:main:explicit:abc")).toBeDefined();
    await expect(room.call("agent", { message: "x", idempotencyKey: key(), deliver: true })).rejects.toThrow(
      "deliver needs a channel",
    );
  });

  it("waits for a run: ended, still running, still queued, unknown", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const room = await openMethods({
      script: async () => {
        await held;
        return say("ok");
      },
    });
    const [running, queued] = [key(), key()];
    await room.call("chat.send", { sessionKey: "main", message: "1", idempotencyKey: running });
    await room.call("chat.send", { sessionKey: "main", message: "2", idempotencyKey: queued });
    expect(await room.call("agent.wait", { runId: running, timeoutMs: 0 })).toMatchObject({
      status: "timeout",
    });
    expect(await room.call("agent.wait", { runId: queued, timeoutMs: 0 })).toEqual({
      runId: queued,
      status: "pending",
      timeoutPhase: "queue",
      providerStarted: false,
    });
    release();
    expect(await room.call("agent.wait", { runId: queued })).toMatchObject({
      status: "ok",
      stopReason: "stop",
    });
    await expect(room.call("agent.wait", { runId: "nobody" })).rejects.toThrow("unknown run");
  });

  it("lists agents and models in the published shapes", async () => {
    const room = await openMethods();
    const agents = await room.call("agents.list");
    expect(problemsWith("AgentsListResult", agents)).toEqual([]);
    expect(agents).toMatchObject({
      defaultId: "main",
      agents: [{ id: "main", model: { primary: "scripted/one" } }],
    });
    const identity = await room.call("agent.identity.get", {});
    expect(problemsWith("AgentIdentityResult", identity)).toEqual([]);
    expect(identity).toEqual({ agentId: "main", name: "Assistant", nameSource: "default", avatar: "A" });
    const models = await room.call("models.list", {});
    expect(problemsWith("ModelsListResult", models)).toEqual([]);
    expect(models["models"]).toMatchObject([
      { id: "one", tags: ["default"], available: true },
      { id: "two" },
    ]);
  });
});
