import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

describe("hooks of a turn", () => {
  it("[F124, F135, F136, F137] run in their order and shape the prompt", async () => {
    const { say, seen } = await contract({
      register: `
        const order = (name, result) => api.on(name, (event, ctx) => { seen.push([name, ctx.sessionKey, ctx.trigger]); return result; });
        order("before_agent_start", { prependContext: "LEGACY" });
        order("before_model_resolve", { modelOverride: "echo/echo-1" });
        order("before_agent_reply", { handled: false });
        order("agent_turn_prepare", { prependContext: "PREPARED" });
        order("before_prompt_build", { appendContext: "BUILT", appendSystemContext: "SYSTEM" });
        order("before_agent_run", { outcome: "pass" });
        api.on("llm_input", (event) => { seen.push(["llm_input", event.systemPrompt.includes("SYSTEM")]); });
        order("before_agent_finalize", { action: "continue" });
        order("llm_output");
        order("agent_end");`,
    });
    const answer = await say("words");
    expect(answer).toContain("PREPARED\n\nLEGACY\n\nwords\n\nBUILT");
    const all = await seen();
    expect(all.map(([name]) => name)).toEqual([
      "before_agent_start",
      "before_model_resolve",
      "before_agent_reply",
      "agent_turn_prepare",
      "before_prompt_build",
      "before_agent_run",
      "llm_input",
      "llm_output",
      "before_agent_finalize",
      "agent_end",
    ]);
    expect(all[6][1]).toBe(true);
    expect(all[0].slice(1)).toEqual(["agent:main:main", "user"]);
  });

  it("before_agent_finalize asks for another pass once for each key, and three times at most", async () => {
    const { say, seen, call } = await contract({
      register: `
        api.on("before_agent_finalize", (event) => {
          seen.push([event.stopHookActive, event.lastAssistantMessage]);
          return { action: "revise", reason: "too short", retry: { instruction: "pass " + seen.length, maxAttempts: 9 } };
        });`,
    });
    expect(await say("hi")).toContain("pass 3");
    const all = await seen();
    expect(all.map(([active]) => active)).toEqual([false, true, true]);
    expect(all[1][1]).toContain("too short");
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(messages).toHaveLength(2);
    const once = await contract({
      register: `api.on("before_agent_finalize", () => { seen.push(1); return { action: "revise", reason: "again" }; });`,
    });
    expect(await once.say("hi")).toContain("again");
    expect(await once.seen()).toHaveLength(2);
  });

  it("[F129] reply_dispatch answers in the model's place; whoever handles it first is the last to be asked", async () => {
    const { say, seen, call } = await contract({
      register: `
        api.on("reply_dispatch", (event, ctx) => {
          if (!event.ctx.RawBody.includes("menu")) return undefined;
          ctx.dispatcher.sendFinalReply({ text: "soup or salad" });
          return { handled: true, queuedFinal: true, counts: { tool: 0, block: 0, final: 1 } };
        }, { priority: 5 });
        api.on("reply_dispatch", (event, ctx) => { seen.push([event.ctx.RawBody, event.sendPolicy, ctx.dispatchKind]); });
        api.on("llm_input", () => { seen.push("model"); });`,
    });
    expect(await say("the menu, please")).toBe("soup or salad");
    expect(await seen()).toEqual([]);
    expect(await say("hello")).toContain("hello");
    expect(await seen()).toEqual([["hello", "allow", "agent"], "model"]);
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(messages).toHaveLength(4);
  });

  it("before_message_write changes messages or keeps them out of the transcript", async () => {
    const { say, call } = await contract({
      register: `
        api.on("before_message_write", ({ message }) => {
          const text = typeof message.content === "string" ? message.content : message.content[0].text;
          if (text.includes("SECRET")) return { block: true };
          if (message.role === "user") return { message: { ...message, content: text.toUpperCase() } };
        });`,
    });
    expect(await say("quiet words")).toContain("quiet words");
    expect(await say("my SECRET")).toContain("my SECRET");
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(JSON.stringify(messages)).not.toContain("SECRET");
    expect(messages).toHaveLength(2);
    expect(JSON.stringify(messages[0])).toContain("QUIET WORDS");
    expect(await say("and on")).toContain("and on");
  });

  it("[F112] conversation hooks stay away without allowConversationAccess", async () => {
    const { say, seen, call } = await contract({
      register: `for (const hook of ["llm_input", "before_agent_reply", "agent_end", "before_agent_finalize"])
        api.on(hook, () => { seen.push(hook); });`,
      entry: { hooks: {} },
    });
    await say("hi");
    expect(await seen()).toEqual([]);
    const { diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(JSON.stringify(diagnostics)).toContain("allowConversationAccess");
  });

  it("[F133] gateway_start and gateway_stop tell the port, the configuration and the workspace", async () => {
    const { seen, gateway, call } = await contract({
      register: `
        api.on("gateway_start", (event, ctx) => {
          seen.push({ port: event.port, same: ctx.port, config: Boolean(ctx.config.plugins), workspaceDir: ctx.workspaceDir, open: !ctx.abortSignal.aborted });
        });`,
    });
    expect(await seen()).toEqual([
      {
        port: gateway.port,
        same: gateway.port,
        config: true,
        workspaceDir: expect.stringContaining("workspace"),
        open: true,
      },
    ]);
    await call("health");
  });

  it("session_start and session_end frame the life of a session", async () => {
    const { say, seen, call } = await contract({
      register: `
        for (const hook of ["session_start", "session_end", "before_reset"])
          api.on(hook, (event, ctx) => { seen.push([hook, event.reason ?? "", event.messageCount ?? 0, ctx.sessionKey]); });`,
    });
    await say("hi", "one");
    await call("sessions.reset", { key: "one" });
    await call("sessions.delete", { key: "one" });
    const key = "agent:main:one";
    expect(await seen()).toEqual([
      ["session_start", "", 0, key],
      ["before_reset", "reset", 0, key],
      ["session_end", "reset", 2, key],
      ["session_start", "", 0, key],
      ["session_end", "deleted", 0, key],
    ]);
  });
});
