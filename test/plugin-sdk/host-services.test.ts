import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Contract, contract, type Fixture } from "../contract/support.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Runs a piece of plugin code with `sdk(subpath)`, which imports what a published plugin would. */
const RUN = `
  const AsyncFunction = (async () => {}).constructor;
  const sdk = (subpath) => import("openclaw/plugin-sdk/" + subpath);
  const kept = {};
  api.registerGatewayMethod("probe.run", async ({ params }) => {
    try {
      const run = new AsyncFunction("api", "sdk", "kept", "params", params.code);
      return { result: (await run(api, sdk, kept, params)) ?? null };
    } catch (error) {
      return { error: { name: error.name, code: error.code ?? null, message: error.message } };
    }
  }, { scope: "operator.read" });`;

async function bench(more: Partial<Fixture> = {}, options: Parameters<typeof contract>[1] = {}) {
  const opened = await contract({ ...more, register: `${RUN}${more.register ?? ""}` }, options);
  return { ...opened, run: runner(opened) };
}

function runner({ call }: Contract) {
  return async (code: string, params: object = {}) => {
    const { result, error } = await call("probe.run", { ...params, code });
    if (error) throw Object.assign(new Error(error.message), { name: error.name, code: error.code });
    return result;
  };
}

describe("sessions, for SDK functions that cannot wait", () => {
  const KEY = "agent:main:main";

  it("are read, listed, changed and removed as rows of the one store", async () => {
    const { run, say } = await bench();
    expect(
      await run(
        `return (await sdk("session-store-runtime")).getSessionEntry({ sessionKey: params.key }) ?? null`,
        {
          key: KEY,
        },
      ),
    ).toBeNull();
    await say("hello there");
    await say("hello", "side");
    const seen = await run(
      `const store = await sdk("session-store-runtime");
       const storePath = store.resolveStorePath(undefined, { agentId: "main" });
       const listed = store.listSessionEntries({ storePath });
       const entry = store.getSessionEntry({ storePath, sessionKey: params.key });
       const foreign = store.listSessionEntries({ agentId: "other" });
       const updatedAt = store.readSessionUpdatedAt({ storePath, sessionKey: params.key });
       return { keys: listed.map((row) => row.sessionKey).sort(), entry, foreign, updatedAt };`,
      { key: KEY },
    );
    expect(seen.keys).toEqual([KEY, "agent:main:side"]);
    expect(seen.foreign).toEqual([]);
    expect(seen.entry).toMatchObject({ sessionId: expect.any(String), updatedAt: seen.updatedAt });
    const changed = await run(
      `const { patchSessionEntry, getSessionEntry } = await sdk("session-store-runtime");
       await patchSessionEntry({ sessionKey: params.key, update: () => ({ groupActivation: "always", icon: "x" }) });
       await patchSessionEntry({
         sessionKey: params.key, replaceEntry: true,
         update: (entry) => ({ ...entry, icon: undefined, groupActivation: "mention" }),
       });
       const left = await patchSessionEntry({ sessionKey: params.key, update: () => null });
       const missing = await patchSessionEntry({ sessionKey: "nobody", update: () => ({ icon: "y" }) });
       return { entry: getSessionEntry({ sessionKey: params.key }), left, missing };`,
      { key: KEY },
    );
    expect(changed.entry).toMatchObject({ sessionId: seen.entry.sessionId, groupActivation: "mention" });
    expect(changed.missing).toBeNull();
    const removed = await run(
      `const { deleteSessionEntry, getSessionEntry } = await sdk("session-store-runtime");
       const sessionKey = "agent:main:side";
       const before = getSessionEntry({ sessionKey });
       const stale = await deleteSessionEntry({ sessionKey, expectedUpdatedAt: before.updatedAt - 1 });
       const gone = await deleteSessionEntry({ sessionKey, expectedSessionId: before.sessionId, expectedUpdatedAt: before.updatedAt, archiveTranscript: true });
       return [stale, gone, await deleteSessionEntry({ sessionKey }), getSessionEntry({ sessionKey }) ?? null];`,
    );
    expect(removed).toEqual([false, true, false, null]);
  });

  it("have their transcripts read, and where they are answered noted", async () => {
    const { run, say } = await bench();
    await say("remember the milk");
    const read = await run(
      `const store = await sdk("session-store-runtime");
       const { readLatestAssistantTextByIdentity } = await sdk("session-transcript-runtime");
       const { sessionId } = store.getSessionEntry({ sessionKey: params.key });
       return {
         events: store.loadTranscriptEventsSync({ sessionId }),
         latest: await readLatestAssistantTextByIdentity({ sessionKey: params.key, sessionId }),
         other: await readLatestAssistantTextByIdentity({ sessionKey: params.key, sessionId: "other" }) ?? null,
         files: store.resolveSessionStoreBackupPaths({}),
       };`,
      { key: KEY },
    );
    expect(read.events[0]).toMatchObject({ type: "session", id: expect.any(String) });
    expect(read.events.slice(1).map((event: { message: { role: string } }) => event.message.role)).toEqual([
      "user",
      "assistant",
    ]);
    expect(read.latest).toMatchObject({
      text: expect.stringContaining("remember the milk"),
      timestamp: expect.any(Number),
    });
    expect(read.other).toBeNull();
    expect((await readFile(read.files[0])).subarray(0, 6).toString()).toBe("SQLite");
    const route = await run(
      `const { updateLastRoute, deliveryContextFromSession, sessionDeliveryOrigin, getConversationSession } = await sdk("session-store-runtime");
       const deliveryContext = { channel: "chat", to: "user:ada", accountId: "work", threadId: 7 };
       const entry = await updateLastRoute({ sessionKey: params.key, deliveryContext });
       const address = { channel: "chat", accountId: "work", kind: "direct", peerId: "ada" };
       return {
         context: deliveryContextFromSession(entry), origin: sessionDeliveryOrigin(entry),
         found: getConversationSession({ ...address, threadId: "7" })?.sessionKey,
         without: getConversationSession(address) ?? null,
       };`,
      { key: KEY },
    );
    expect(route).toEqual({
      context: { channel: "chat", to: "user:ada", accountId: "work", threadId: "7" },
      origin: { provider: "chat", to: "user:ada", accountId: "work", threadId: "7" },
      found: KEY,
      without: null,
    });
  });

  it("are named and reset as their messages and settings say", async () => {
    const { run } = await bench();
    const facts = await run(
      `const { resolveGroupSessionKey, resolveChannelResetConfig, isValidAgentHarnessSessionStoreEntry } = await sdk("session-store-runtime");
       const { isIncognitoSessionKey } = await sdk("session-key-runtime");
       return [
         resolveGroupSessionKey({ From: "123@G.us", ChatType: "group", Provider: "chat" }),
         resolveGroupSessionKey({ From: "chat:group:Room:1" }),
         resolveGroupSessionKey({ From: "chat:ada", ChatType: "direct" }),
         resolveChannelResetConfig({ sessionCfg: { resetByChannel: { Chat: { mode: "idle" } } }, channel: "chat" }),
         isValidAgentHarnessSessionStoreEntry("agent:main:harness:codex:x", { agentHarnessId: "codex" }),
         isValidAgentHarnessSessionStoreEntry("agent:main:main", { agentHarnessId: "codex" }),
         isIncognitoSessionKey("agent:main:incognito:x"), isIncognitoSessionKey("agent:main:main"),
       ];`,
    );
    expect(facts).toEqual([
      { key: "chat:group:123@g.us", channel: "chat", id: "123@g.us", chatType: "group" },
      { key: "chat:group:room:1", channel: "chat", id: "room:1", chatType: "group" },
      null,
      { mode: "idle" },
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("the gateway behind SDK functions without an api", () => {
  it("tells its models, its status and its configuration, secrets still references", async () => {
    const config = {
      gateway: { publicOrigin: "https://hub.example" },
      messages: { responsePrefix: ["$", "{PREFIX}"].join("") },
    };
    const { run, say, configPath } = await bench({}, { config, gateway: { env: { PREFIX: "secret" } } });
    await say("hello");
    const told = await run(
      `const { loadPreparedModelCatalog, getPreparedModelCatalogSnapshot } = await sdk("agent-runtime");
       const before = getPreparedModelCatalogSnapshot({}) ?? null;
       const models = await loadPreparedModelCatalog({ readOnly: true });
       const { resolveDirectStatusReplyForSession } = await sdk("command-status-runtime");
       const ask = { cfg: api.config, sessionKey: "agent:main:main", channel: "chat", isAuthorizedSender: true };
       const { resolveGatewayPublicOrigin } = await sdk("config-contracts");
       const { getRuntimeConfigSourceSnapshot } = await sdk("runtime-config-snapshot");
       const { readConfigFileSnapshotForWrite } = await sdk("config-mutation");
       return {
         before, models, known: getPreparedModelCatalogSnapshot({}).entries,
         status: await resolveDirectStatusReplyForSession(ask),
         refused: await resolveDirectStatusReplyForSession({ ...ask, isAuthorizedSender: false }) ?? null,
         origin: resolveGatewayPublicOrigin(api.config), none: resolveGatewayPublicOrigin({ gateway: { publicOrigin: "https://a.b/c" } }) ?? null,
         source: getRuntimeConfigSourceSnapshot().messages, write: (await readConfigFileSnapshotForWrite()).snapshot,
       };`,
    );
    expect(told.before).toBeNull();
    expect(told.models).toContainEqual(expect.objectContaining({ provider: "echo", id: "echo-1" }));
    expect(told.known).toEqual(told.models);
    expect(told.status.text).toMatch(/Session: agent:main:main\nModel: echo\/echo-1/);
    expect(told.refused).toBeNull();
    expect([told.origin, told.none]).toEqual(["https://hub.example", null]);
    expect(told.source.responsePrefix).toBe(config.messages.responsePrefix);
    expect(told.write).toMatchObject({ path: configPath, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("keeps a plugin's rows for its parts that have no api", async () => {
    const { run } = await bench();
    const rows = await run(
      `const { createPluginStateSyncKeyedStore, createPluginStateKeyedStore } = await sdk("plugin-state-store-runtime");
       const options = { namespace: "creds", maxEntries: 8 };
       createPluginStateSyncKeyedStore("probe", options).register("a", { token: 1 });
       return [
         api.runtime.state.openSyncKeyedStore(options).lookup("a"),
         await createPluginStateKeyedStore("probe", options).lookup("a"),
         createPluginStateSyncKeyedStore("other", options).lookup("a") ?? null,
       ];`,
    );
    expect(rows).toEqual([{ token: 1 }, { token: 1 }, null]);
  });

  it("[F080] brings pressed buttons to the plugin of their namespace, each press once", async () => {
    const { run, seen } = await bench({
      register: `api.registerInteractiveHandler({ channel: "chat", namespace: "poll", handler: async (ctx) => {
        seen.push({ ...ctx, respond: undefined });
        if (ctx.interaction.payload === "fail") throw new Error("once more");
        await ctx.respond.reply({ text: "counted" });
        return { handled: ctx.interaction.payload !== "later" };
      } });`,
    });
    const outcomes = await run(
      `const { createChannelInteractiveDispatcher, dispatchPluginInteractiveHandler } = await sdk("plugin-runtime");
       const dispatch = createChannelInteractiveDispatcher({ channel: "chat", interactiveKey: "interaction" });
       const said = [];
       const respond = { reply: async ({ text }) => void said.push(text) };
       const press = (data, dedupeId) => dispatch({ data, dedupeId, respond, onMatched: () => void said.push("matched"),
         ctx: { accountId: "default", senderId: "ada", interaction: { kind: "button" } } })
         .then(({ matched, handled, duplicate }) => ({ matched, handled, duplicate }), (error) => error.message);
       const results = [
         await press("poll:yes:1", "p1"), await press("poll:yes:1", "p1"), await press("poll:later", "p2"),
         await press("poll:fail", "p3"), await press("poll:fail", "p3"), await press("other:yes", "p4"),
       ];
       const direct = await dispatchPluginInteractiveHandler({ channel: "chat", data: "poll:direct", dedupeId: "p5",
         invoke: ({ registration, namespace, payload }) => registration.handler({ interaction: { namespace, payload }, respond }) });
       return { results, said, direct };`,
    );
    expect(outcomes.results).toEqual([
      { matched: true, handled: true, duplicate: false },
      { matched: true, handled: true, duplicate: true },
      { matched: true, handled: false, duplicate: false },
      "once more",
      "once more",
      { matched: false, handled: false, duplicate: false },
    ]);
    expect(outcomes.said).toEqual([
      "matched",
      "counted",
      "matched",
      "counted",
      "matched",
      "matched",
      "counted",
    ]);
    expect(outcomes.direct).toMatchObject({ matched: true, handled: true });
    expect((await seen())[0]).toEqual({
      accountId: "default",
      senderId: "ada",
      channel: "chat",
      interaction: { kind: "button", data: "poll:yes:1", namespace: "poll", payload: "yes:1" },
    });
  });

  it("says who asks: the scopes of a method's caller and of a route's", async () => {
    const { run, gateway } = await bench({
      register: `const scopeOf = async () => (await sdk("plugin-runtime")).getPluginRuntimeGatewayRequestScope();
        const answer = async (_request, response) => {
          const scope = await scopeOf();
          response.end(JSON.stringify(scope?.client.connect.scopes ?? null));
        };
        api.registerHttpRoute({ path: "/probe/trusted", auth: "gateway", match: "exact", gatewayRuntimeScopeSurface: "trusted-operator", handler: answer });
        api.registerHttpRoute({ path: "/probe/plain", auth: "gateway", match: "exact", handler: answer });
        api.registerHttpRoute({ path: "/probe/open", auth: "plugin", match: "exact", handler: answer });`,
    });
    expect(
      await run(
        `const { getPluginRuntimeGatewayRequestScope } = await sdk("plugin-runtime");
         const scope = getPluginRuntimeGatewayRequestScope();
         await scope.revalidate();
         return [scope.pluginId, scope.client.connect];`,
      ),
    ).toMatchObject([
      "probe",
      { role: "operator", client: { id: "cli" }, scopes: expect.arrayContaining(["operator.admin"]) },
    ]);
    const ask = async (path: string) => {
      const headers = { authorization: `Bearer ${gateway.token}` };
      return (await fetch(`${gateway.httpUrl}${path}`, { headers })).json();
    };
    expect(await ask("/probe/trusted")).toContain("operator.admin");
    expect(await ask("/probe/plain")).toEqual(["operator.write"]);
    expect(await ask("/probe/open")).toBeNull();
  });

  it("lets a voice message be heard before it is decided whom it is for", async () => {
    const { run } = await bench({
      manifest: { contracts: { mediaUnderstandingProviders: ["ear"] } },
      register: `api.registerMediaUnderstandingProvider({ id: "ear", capabilities: ["audio"], defaultModels: { audio: "m" },
        resolveAuth: () => ({ kind: "none" }), transcribeAudio: async () => ({ text: " hey \\"Mo\\" " }) });`,
    });
    const heard = await run(
      `const { writeFile } = await import("node:fs/promises");
       const path = params.file;
       await writeFile(path, "OggS");
       const { createChannelPreflightAudio, formatAudioTranscriptForAgent } = await sdk("media-understanding-runtime");
       const echoed = [];
       const audio = createChannelPreflightAudio({ channel: "chat", isAudio: (file) => file.mime === "audio/ogg",
         sendTranscriptEcho: async (echo) => void echoed.push([echo.to, echo.text]) });
       const cfg = { tools: { media: { audio: { enabled: true, provider: "ear", echoTranscript: true } } } };
       const text = await audio.resolve({ request: { cfg, ctx: { media: [{ path, contentType: "audio/ogg" }] } } });
       await audio.send({ transcript: "it is $1", cfg, accountId: "default", originatingTo: "room" });
       await audio.send({ transcript: "quiet", cfg: {}, accountId: "default", originatingTo: "room" });
       return { text, echoed, isAudio: audio.isAudio({ mime: "audio/ogg" }), suppressed: audio.suppress(cfg).tools.media.audio.echoTranscript,
         none: await audio.resolve({ request: { cfg, ctx: {} } }) ?? null,
         aborted: await audio.resolve({ request: { cfg, ctx: {} }, abortSignal: AbortSignal.abort() }) ?? null,
         forAgent: formatAudioTranscriptForAgent('say "no"\\n') };`,
      { file: join(await temporaryFolder(), "voice.ogg") },
    );
    expect(heard).toEqual({
      text: 'hey "Mo"',
      echoed: [["room", '📝 "it is $1"']],
      isAudio: true,
      suppressed: false,
      none: null,
      aborted: null,
      forAgent: '[Audio transcript (machine-generated, untrusted)]: "say \\"no\\"\\n"',
    });
  });

  it("tells diagnostic events until the listener ends that", async () => {
    const { run, say, seen, call } = await bench({
      register: `sdk("diagnostic-runtime").then(({ onDiagnosticEvent }) => { kept.stop = onDiagnosticEvent((event) => seen.push(event)); });`,
    });
    await expect.poll(() => run("return typeof kept.stop")).toBe("function");
    await say("hello");
    const events = await seen();
    expect(events.map(({ type, state }: { type: string; state?: string }) => state ?? type)).toEqual([
      "processing",
      "model.usage",
      "message.processed",
      "idle",
    ]);
    expect(events.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2, 3, 4]);
    expect(events[1]).toMatchObject({
      sessionKey: "agent:main:main",
      provider: "echo",
      model: "echo-1",
      usage: { total: expect.any(Number) },
      costUsd: 0,
    });
    expect(events[2]).toMatchObject({ outcome: "completed" });
    await run("kept.stop()");
    await say("again");
    expect(await seen()).toHaveLength(4);
    expect(await call("health")).toBeDefined();
  });
});
