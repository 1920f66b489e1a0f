import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
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

  it("[F067] [F112] agent:bootstrap lets handlers bring files into the instructions, one after the other", async () => {
    const hook = (name: string, work: string, events = '"agent:bootstrap"') =>
      `api.registerHook(${events}, (event) => { const { context } = event; ${work} }, { name: "${name}" });`;
    const { say, seen, call } = await contract([
      {
        register: `
          ${hook(
            "adds",
            `seen.push([event.sessionKey, context.agentId, typeof context.sessionId, typeof context.workspaceDir, context.bootstrapFiles.length]);
            context.bootstrapFiles.push({ name: "AGENTS.md", content: "first words" }, { name: "GONE.md", content: "gone words", missing: true }, { name: "EMPTY.md" }, 5);`,
          )}
          ${hook("replaces", `context.bootstrapFiles = context.bootstrapFiles.map((file) => file.name === "AGENTS.md" ? { ...file, content: "other words" } : file);`)}
          ${hook("fails", `throw new Error("broken");`)}
          api.on("llm_input", ({ systemPrompt }) => { seen.push(systemPrompt); });`,
      },
      {
        id: "muted",
        entry: { hooks: { allowPromptInjection: false, allowConversationAccess: true } },
        register: `
          ${hook("silent", `context.bootstrapFiles.push({ name: "MUTED.md", content: "muted words" });`)}
          ${hook("partly", `if (event.type === "agent") context.bootstrapFiles.push({ name: "MUTED.md", content: "muted words" });`, '["command:new", "agent:bootstrap", "agent"]')}`,
      },
    ]);
    await say("hello");
    const [event, prompt] = await seen();
    expect(event).toEqual(["agent:main:main", "main", "string", "string", 0]);
    expect(prompt).toContain("# AGENTS.md\n\nother words");
    expect(prompt).not.toMatch(/first words|gone words|EMPTY|muted words/);
    const { customHooks, diagnostics } = await call("plugins.inspect", { pluginId: "muted" });
    expect(customHooks).toEqual([{ name: "partly", events: ["command:new"] }]);
    expect(diagnostics.map(({ code }: { code: string }) => code)).toEqual([
      "hook-blocked-prompt-injection",
      "hook-blocked-prompt-injection",
    ]);
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

it("[F269] of a blocked turn the transcript keeps who blocked it and as what, not what was said or why", async () => {
  const { say, call, client } = await contract({
    register: `api.on("before_agent_run", ({ prompt }) => prompt.includes("forbidden")
      ? { outcome: "block", reason: "inner reason", message: "Not here.", category: "policy" } : undefined);`,
  });
  expect(await say("forbidden words")).toBe("Not here.");
  const { messages } = await call("chat.history", { sessionKey: "main" });
  expect(messages).toMatchObject([
    { role: "user", blocked: { pluginId: "probe", category: "policy", at: expect.any(Number) } },
    { role: "assistant" },
  ]);
  expect(JSON.stringify([messages, client.frames])).not.toMatch(/forbidden words|inner reason/);
  expect(await say("and now?")).toContain("and now?");
});

describe("toolsAllow of before_prompt_build", () => {
  const tool = (name: string) =>
    `api.registerTool({ name: "${name}", description: "x", parameters: { type: "object", properties: {} }, execute: async () => ({ content: [] }) });`;

  it.each([
    [["group:plugins"], ["note"], ["note"]],
    [["probe", "message"], ["group:plugins"], ["draw", "note"]],
    [["*"], ["draw", "nobody"], ["draw"]],
    [["note"], ["draw"], []],
    [["note"], "note", []],
    [["note"], [], []],
  ])("[F135] %j and %j leave %j: groups and ids of plugins count as their tools", async (one, two, left) => {
    const { say, seen } = await contract({
      register: `${tool("note")}${tool("draw")}
        api.on("before_prompt_build", () => ({ toolsAllow: ${JSON.stringify(one)} }));
        api.on("before_prompt_build", () => ({ toolsAllow: ${JSON.stringify(two)} }));
        api.on("llm_input", (event) => { seen.push(event.tools.map(({ name }) => name).sort()); });`,
      manifest: { contracts: { tools: ["note", "draw"] } },
    });
    await say("hello");
    expect(await seen()).toEqual([left]);
  });
});

describe("before_dispatch on the chat page", () => {
  it("[F124] answers a message without commands, hooks or a model of a turn, once for each message", async () => {
    const { call, say, seen } = await contract({
      register: `
        api.on("before_dispatch", (event, ctx) => {
          seen.push([event.content, event.channel, event.messageId, event.isGroup, event.senderId === ctx.senderId, ctx.channelId, ctx.sessionKey]);
          if (event.content.includes("broken")) throw new Error("boom");
          if (event.content === "/open") return { handled: true, text: "always" };
          return event.content === "psst" ? { handled: true } : { handled: false };
        }, { priority: 1 });
        api.on("before_dispatch", ({ content }) => content === "broken" ? { handled: true, text: "the next one" } : undefined);
        for (const hook of ["before_agent_start", "before_model_resolve", "reply_dispatch", "before_agent_reply", "llm_input", "agent_end"])
          api.on(hook, () => { seen.push(hook); });
        api.registerCommand({ name: "open", description: "Never asked.", handler: () => ({ text: "command" }) });`,
    });
    const params = { sessionKey: "main", message: "/open", idempotencyKey: "typed-1" };
    await call("chat.send", params);
    expect(await call("agent.wait", { runId: "typed-1", timeoutMs: 10_000 })).toMatchObject({ status: "ok" });
    expect(await call("chat.send", params)).toMatchObject({ runId: "typed-1", status: "ok" });
    const place = [true, "webchat", "agent:main:main"];
    expect(await seen()).toEqual([["/open", "webchat", "typed-1", false, ...place]]);
    expect(await say("psst")).toBe("");
    expect(await say("broken")).toBe("the next one");
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(messages.map(({ role }: { role: string }) => role)).toEqual([
      "user",
      "assistant",
      "user",
      "user",
      "assistant",
    ]);
    expect(JSON.stringify(messages[1])).toContain("always");
    expect((await seen()).filter((one) => typeof one === "string")).toEqual([]);
    expect(await say("hello")).toContain("You said");
    expect((await seen()).filter((one) => typeof one === "string")).toContain("llm_input");
  });

  it("[F124] a gateway that stopped while a plugin thought about a message asks again and answers once", async () => {
    const folder = await temporaryFolder();
    const held = await contract(
      { register: `api.on("before_dispatch", () => { seen.push("held"); return new Promise(() => {}); });` },
      { folder, gateway: { stopLimitMs: 20 } },
    );
    await held.call("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "typed-1" });
    await expect.poll(held.seen).toEqual(["held"]);
    await held.gateway.stop("test");
    const { call, seen } = await contract(
      {
        register: `api.on("before_dispatch", ({ content }) => { seen.push(content); return { handled: true, text: "taken" }; });`,
      },
      { folder },
    );
    expect(await call("agent.wait", { runId: "typed-1", timeoutMs: 15_000 })).toMatchObject({ status: "ok" });
    await call("chat.send", { sessionKey: "main", message: "hello", idempotencyKey: "typed-1" });
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(messages).toMatchObject([{ role: "user" }, { role: "assistant" }]);
    expect(JSON.stringify(messages[1])).toContain("taken");
    expect(await seen()).toEqual(["hello"]);
  });
});

describe("a turn that waits for a plugin", () => {
  const NEVER = "return new Promise(() => {});";
  const NOTE = `api.registerTool({ name: "note", description: "Notes.", parameters: { type: "object", properties: {} },
    execute: async () => ({ content: [{ type: "text", text: "noted" }] }) });`;
  const HANGS: readonly [string, string][] = [
    [
      "a command",
      `api.registerCommand({ name: "tool", description: "Hangs.", acceptsArgs: true, handler() { hang(); ${NEVER} } });`,
    ],
    ["before_model_resolve", `api.on("before_model_resolve", () => { hang(); ${NEVER} });`],
    [
      "a trusted policy",
      `api.registerTrustedToolPolicy({ id: "slow", description: "Hangs.", evaluate() { hang(); ${NEVER} } });`,
    ],
    ["middleware", `api.registerAgentToolResultMiddleware(() => { hang(); ${NEVER} });`],
  ];

  it.each(HANGS)("[F124] ends when it is stopped: %s", async (_what, body) => {
    const { call, say, seen } = await contract({
      // Only the first time: afterwards it is as if nothing had been registered.
      register: `const hang = () => { seen.push("held"); if (seen.length > 1) throw new Error("once"); }; ${NOTE}${body}
        api.registerGatewayMethod("probe.enqueue", ({ params }) => api.session.workflow.enqueueNextTurnInjection(params), { scope: "operator.read" });`,
      manifest: {
        contracts: {
          tools: ["note"],
          trustedToolPolicies: ["slow"],
          agentToolResultMiddleware: ["openclaw"],
        },
      },
    });
    await call("chat.send", { sessionKey: "main", message: "/tool note {}", idempotencyKey: "held" });
    await expect.poll(seen).toEqual(["held"]);
    await call("probe.enqueue", { sessionKey: "main", text: "between us" });
    expect(await call("chat.abort", { sessionKey: "main" })).toMatchObject({ aborted: true });
    expect(await call("agent.wait", { runId: "held", timeoutMs: 15_000 })).toMatchObject({
      stopReason: "rpc",
    });
    expect(await say("hello")).toContain("between us");
  });
});
