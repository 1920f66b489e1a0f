import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { agentNamespace, llmNamespace, subagentNamespace } from "../../../src/runtime/plugin-runtime.ts";
import { Sessions } from "../../../src/runtime/sessions/index.ts";
import { fixedConfig, hooksOf, openRoom, registryOf, say, scriptedProvider } from "./support.ts";

async function openNamespaces(settings: SluiceConfig = {}) {
  const providers = { scripted: scriptedProvider(() => say("answered")) };
  const room = await openRoom({ providers });
  const config = fixedConfig(settings);
  const clock = systemClock;
  const logger = silentLogger;
  const models = createModels({
    registry: registryOf({ provider: providers }),
    config,
    clock,
    logger,
    env: {},
  });
  const { agent, store, folder } = room;
  const sessions = new Sessions({ store, agent, models, config, hooks: hooksOf(), clock, logger });
  const rooms = { store, agent, sessions, models, config, clock, logger, stateDir: folder };
  return {
    ...room,
    agentApi: agentNamespace(rooms),
    llm: llmNamespace(rooms, "acme"),
    subagent: subagentNamespace(rooms, "acme"),
    other: subagentNamespace(rooms, "other"),
  };
}

describe("api.runtime.agent", () => {
  it("[F206] runs an ordinary turn for a plugin and streams it", async () => {
    const { agentApi, transcript } = await openNamespaces();
    expect(agentApi.runEmbeddedPiAgent).toBe(agentApi.runEmbeddedAgent);
    let streamed = "";
    const result = await agentApi.runEmbeddedAgent({
      sessionId: "s1",
      runId: "embedded-1",
      workspaceDir: "/",
      prompt: "do it",
      timeoutMs: 0,
      onPartialReply: ({ text }) => {
        streamed = text;
        throw new Error("a careless plugin");
      },
    });
    expect(result).toMatchObject({ payloads: [{ text: "answered" }], meta: { stopReason: "stop" } });
    expect(streamed).toBe("answered");
    expect(await transcript("agent:main:explicit:s1")).toEqual(["user: do it", "assistant: answered"]);
    await expect(
      agentApi.runEmbeddedAgent({
        sessionId: "s1",
        runId: "embedded-2",
        workspaceDir: "/",
        prompt: "x",
        timeoutMs: 0,
        model: "nobody/x",
      }),
    ).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  });

  it("[F203] [F205] resolves folders, identity and time-outs in both forms", async () => {
    const { agentApi, folder } = await openNamespaces();
    const config = { agents: { list: [{ id: "main", identity: { name: "Ada" } }, { id: "two" }] } };
    expect(agentApi.resolveAgentDir(config)).toBe(`${folder}/agents/main/agent`);
    expect(agentApi.resolveAgentWorkspaceDir(config, "two")).toBe(`${folder}/workspace-two`);
    expect(agentApi.resolveAgentIdentity(config)).toEqual({ name: "Ada" });
    expect(agentApi.resolveAgentTimeoutMs({ agents: { defaults: { timeoutSeconds: 60 } } })).toBe(60_000);
    expect(agentApi.resolveAgentTimeoutMs({ overrideSeconds: 5, minMs: 10_000 })).toBe(10_000);
    expect(await agentApi.ensureAgentWorkspace({ dir: `${folder}/made` })).toEqual({ dir: `${folder}/made` });
  });

  it("[F204] normalises thinking levels", async () => {
    const { agentApi } = await openNamespaces();
    expect(
      ["x-high", "Extra High", "on", "ultrathink", "none", "banana"].map(agentApi.normalizeThinkingLevel),
    ).toEqual(["xhigh", "xhigh", "low", "high", "off", undefined]);
    expect(agentApi.resolveThinkingPolicy({ provider: "scripted", model: "one" })).toEqual({
      levels: [{ id: "off", label: "off" }],
      defaultLevel: "off",
    });
  });

  it("[F207] reads and changes session entries, and keeps file names inside", async () => {
    const { agentApi } = await openNamespaces();
    const { session } = agentApi;
    const made = await session.patchSessionEntry({
      sessionKey: "main",
      fallbackEntry: { sessionId: "first", updatedAt: 0 },
      update: () => ({ color: "red" }),
    });
    expect(made).toMatchObject({ sessionId: "first", color: "red" });
    expect(await session.updateSessionStoreEntry({ sessionKey: "none", update: () => ({}) })).toBeNull();
    const all = await session.loadSessionStore(session.resolveStorePath({}));
    expect(Object.keys(all)).toEqual(["agent:main:main"]);
    expect(session.resolveSessionFilePath({}, "abc")).toMatch(/agents\/main\/sessions\/abc\.jsonl$/);
    expect(() => session.resolveSessionFilePath({}, "../../../../etc/passwd")).toThrow("session id");
  });
});

describe("api.runtime.llm and subagent", () => {
  it("completes once with the agent's model and refuses another without permission", async () => {
    const { llm } = await openNamespaces();
    const messages = [{ role: "user" as const, content: "hi" }];
    expect(await llm.complete({ messages })).toMatchObject({
      text: "answered",
      provider: "scripted",
      model: "one",
    });
    await expect(llm.complete({ messages, model: "scripted/two" })).rejects.toThrow("allowModelOverride");
    const allowed = await openNamespaces({
      plugins: { entries: { acme: { llm: { allowModelOverride: true, allowedModels: ["scripted/two"] } } } },
    });
    expect(await allowed.llm.complete({ messages, model: "scripted/two" })).toMatchObject({ model: "two" });
    await expect(allowed.llm.complete({ messages, model: "scripted/one" })).rejects.toThrow("override");
  });

  it("[F210] runs, waits, reads and deletes only its own sessions", async () => {
    const { subagent, other } = await openNamespaces();
    const run = await subagent.run({ sessionKey: "subagent:x", message: "go", idempotencyKey: "k" });
    expect(await subagent.waitForRun({ runId: run.runId })).toMatchObject({ status: "ok" });
    expect(await subagent.run({ sessionKey: "subagent:x", message: "go", idempotencyKey: "k" })).toEqual(run);
    expect((await subagent.getSessionMessages({ sessionKey: "subagent:x" })).messages).toHaveLength(2);
    await expect(other.deleteSession({ sessionKey: "subagent:x" })).rejects.toThrow("opened itself");
    await subagent.deleteSession({ sessionKey: "subagent:x" });
    await subagent.deleteSession({ sessionKey: "subagent:x" });
    expect((await subagent.getSessionMessages({ sessionKey: "subagent:x" })).messages).toEqual([]);
    await expect(subagent.run({ sessionKey: "y", message: "go", model: "scripted/two" })).rejects.toThrow(
      "allowModelOverride",
    );
  });
});
