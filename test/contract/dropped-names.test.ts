import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

describe("names that the ecosystem's host has dropped, in plugins that still use them", () => {
  it("[F001] of the root and the wide barrels link and do their work", async () => {
    const { call, say } = await contract({
      register: `
        const load = async () => {
          const root = await import("openclaw/plugin-sdk");
          const text = await import("openclaw/plugin-sdk/text-runtime");
          const channel = await import("openclaw/plugin-sdk/channel-runtime");
          return { root, text, channel };
        };
        const usage = [];
        const ready = load().then((names) => { names.root.onDiagnosticEvent((event) => {
          if (event.type === "model.usage") usage.push([event.provider, event.usage.total > 0]); }); return names; });
        api.registerGatewayMethod("probe.names", async () => {
          const { root, text, channel } = await ready;
          const schema = root.emptyPluginConfigSchema();
          const prefix = channel.createReplyPrefixContext({ cfg: api.config, agentId: "main" });
          const started = [];
          const typing = channel.createTypingCallbacks({ start: async () => void started.push("on"), stop: async () => void started.push("off"), onStartError: () => {} });
          await typing.onReplyStart();
          await typing.onIdle?.();
          return {
            empty: [schema.safeParse({}).success, schema.safeParse({ a: 1 }).success],
            directives: text.parseInlineDirectives("[[reply_to_current]] hi", { currentMessageId: "m1" }),
            reaction: text.resolveReactionLevel({ value: "minimal", defaultLevel: "minimal", invalidFallback: "minimal" }).level,
            prefix: typeof prefix.responsePrefixContextProvider, started, usage,
          };
        }, { scope: "operator.read" });`,
    });
    await call("probe.names");
    await say("hello");
    const told = await call("probe.names");
    expect(told.empty).toEqual([true, false]);
    expect(told.directives).toMatchObject({ text: "hi", replyToCurrent: true, replyToId: "m1" });
    expect(told.reaction).toBe("minimal");
    expect(told.prefix).toBe("function");
    expect(told.started[0]).toBe("on");
    expect(told.usage).toEqual([["echo", true]]);
  });

  it("[F194] of the configuration read and write the file", async () => {
    const { call, configPath } = await contract({
      register: `
        api.registerGatewayMethod("probe.write", async ({ params }) => {
          if (params.way === "runtime") {
            const config = api.runtime.config.loadConfig();
            config.messages = { ...config.messages, responsePrefix: "[one]" };
            await api.runtime.config.writeConfigFile(config);
          } else {
            const { loadConfig, writeConfigFile } = await import("openclaw/plugin-sdk/config-runtime");
            const config = loadConfig();
            await writeConfigFile({ ...config, messages: { ...config.messages, messagePrefix: "[two]" } });
          }
          return api.runtime.config.current().messages;
        }, { scope: "operator.read" });`,
    });
    expect(await call("probe.write", { way: "runtime" })).toEqual({ responsePrefix: "[one]" });
    expect(await call("probe.write", { way: "sdk" })).toEqual({
      responsePrefix: "[one]",
      messagePrefix: "[two]",
    });
    expect(JSON.parse(await readFile(configPath, "utf8"))).toMatchObject({
      messages: { responsePrefix: "[one]", messagePrefix: "[two]" },
    });
  });

  it("[F194] of sessions, folders and runs are members of the runtime", async () => {
    const { call, say, stateDir } = await contract({
      register: `
        api.registerGatewayMethod("probe.old", async () => {
          const { session } = api.runtime.agent;
          const storePath = session.resolveStorePath(api.config.session?.store, { agentId: "main" });
          const atOnce = session.loadSessionStore(storePath);
          const store = await atOnce;
          const { loadSessionStore, resolveSessionStoreEntry } = await import("openclaw/plugin-sdk/config-runtime");
          const found = resolveSessionStoreEntry({ store: loadSessionStore(storePath), sessionKey: "Agent:main:MAIN" });
          const run = await api.runtime.agent.runEmbeddedPiAgent({
            sessionId: "side", runId: "run-1", workspaceDir: api.runtime.agent.workspaceDir, prompt: "say hello", timeoutMs: 5000,
          });
          const { sessionId } = store["agent:main:main"];
          return {
            keys: Object.keys(store), atOnce: Object.keys(atOnce), found: found.existing?.sessionId === sessionId, key: found.normalizedKey,
            file: session.resolveSessionFilePath(sessionId), sessionId,
            said: run.payloads[0].text, workspace: api.runtime.agent.workspaceDir, state: api.runtime.state.dir,
            envelope: api.runtime.channel.reply.formatInboundEnvelope({ channel: "Chat", from: "Ada", body: "hi", chatType: "direct" }),
          };
        }, { scope: "operator.read" });`,
    });
    await say("hello");
    const old = await call("probe.old");
    expect(old).toMatchObject({
      keys: ["agent:main:main"],
      atOnce: ["agent:main:main"],
      found: true,
      key: "agent:main:main",
      said: expect.stringContaining("say hello"),
      workspace: join(stateDir, "workspace"),
      state: stateDir,
      envelope: expect.stringMatching(/^\[Chat.*Ada.*\] .*hi$/),
    });
    expect(old.file).toBe(join(stateDir, "agents", "main", "sessions", `${old.sessionId}.jsonl`));
  });

  it("[F120] [F121] [F122] of memory speak in the prompt and answer searches", async () => {
    const { say, call } = await contract(
      {
        manifest: { kind: "memory" },
        register: `
          api.registerMemoryPromptSection(() => ["OLD MEMORY of the user"]);
          api.registerMemoryFlushPlan(() => null);
          api.registerMemoryRuntime({
            getMemorySearchManager: async () => ({ manager: {
              search: async (query) => [{ path: "a.md", startLine: 1, endLine: 1, score: 1, snippet: "found " + query, source: "memory" }],
              readFile: async () => ({ text: "", path: "a.md" }), status: () => ({}), probeEmbeddingAvailability: async () => ({ ok: true }),
              close: async () => {} } }),
            resolveMemoryBackendConfig: () => ({}),
          });
          api.on("llm_input", ({ systemPrompt }) => { seen.push(systemPrompt); });`,
      },
      { config: { plugins: { slots: { memory: "probe" } } } },
    );
    await say("hello");
    const { seen } = await call("probe.seen");
    expect(seen[0]).toContain("OLD MEMORY of the user");
  });

  it("[F119] the hook before_agent_start still puts text before the message", async () => {
    const { say } = await contract({
      register: `api.on("before_agent_start", async ({ prompt }) => ({ prependContext: "RECALLED for " + prompt }));`,
    });
    expect(await say("hello")).toContain("RECALLED for hello");
  });

  it("tools without contracts in the manifest are offered and run", async () => {
    const { say } = await contract({
      register: `api.registerTool({ name: "old_clock", description: "Says the time", parameters: { type: "object", properties: {} },
        execute: async () => ({ content: [{ type: "text", text: "noon" }] }) });
        api.on("llm_input", (event) => { seen.push(JSON.stringify(event)); });`,
    });
    expect(await say("/tool old_clock {}")).toContain("noon");
  });

  it("[F081] registerAgentToolCallMiddleware stands around a tool: first by priority, with the call's facts", async () => {
    const { say, seen } = await contract({
      manifest: { contracts: { tools: ["add"], agentToolCallMiddleware: ["pi"] } },
      register: `api.registerTool({ name: "add", description: "Adds", parameters: { type: "object", properties: { a: { type: "number" } } },
          execute: async (_id, { a }) => ({ content: [{ type: "text", text: "sum " + a }] }) });
        api.registerAgentToolCallMiddleware(async (ctx) => {
          seen.push(["inner", ctx.params.a]);
          if (ctx.params.a > 100) throw new Error("too much");
          return await ctx.execute(ctx.params);
        }, { runtimes: ["pi"] });
        api.registerAgentToolCallMiddleware(async (ctx) => {
          seen.push(["outer", ctx.toolName, ctx.sessionKey]);
          return await ctx.execute({ a: ctx.params.a + 1 });
        }, { runtimes: ["pi"], priority: 100 });`,
    });
    expect(await say('/tool add {"a":1}')).toContain("sum 2");
    expect(await seen()).toEqual([
      ["outer", "add", "agent:main:main"],
      ["inner", 2],
    ]);
    expect(await say('/tool add {"a":100}')).toContain("too much");
  });
});
