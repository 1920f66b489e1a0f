import { describe, expect, it } from "vitest";
import { MEMO, MEMO_CONFIG, memo } from "./memo-channel.ts";
import { contract } from "./support.ts";

/** Keeps what a hook was given, functions left out. */
const KEEP = (...hooks: string[]) => `
  for (const hook of ${JSON.stringify(hooks)}) api.on(hook, (event, ctx) => {
    seen.push([hook, JSON.parse(JSON.stringify(event)), JSON.parse(JSON.stringify(ctx))]); });`;

const NOTE = {
  register: `api.registerTool({ name: "note", description: "Notes.", parameters: { type: "object", properties: {} },
    execute: async () => ({ content: [{ type: "text", text: "noted" }], details: { page: 1 } }) });`,
  manifest: { contracts: { tools: ["note"] } },
};

describe("what hooks are told", () => {
  it("model_call_started and model_call_ended measure one call and never show content", async () => {
    const { say, seen } = await contract({
      register: `${NOTE.register}${KEEP("model_call_started", "model_call_ended")}`,
      manifest: NOTE.manifest,
    });
    await say("/tool note {}");
    const all = await seen();
    expect(all.map(([name]) => name)).toEqual([
      "model_call_started",
      "model_call_ended",
      "model_call_started",
      "model_call_ended",
    ]);
    const [started, ended, second] = all.map(([, event]) => event);
    expect(started).toEqual({
      runId: expect.any(String),
      callId: expect.any(String),
      sessionKey: "agent:main:main",
      sessionId: expect.any(String),
      provider: "echo",
      model: "echo-1",
      api: "echo",
      contextTokenBudget: expect.any(Number),
      contextWindowSource: "model",
    });
    expect(ended).toMatchObject({ ...started, outcome: "completed", durationMs: expect.any(Number) });
    expect(ended.timeToFirstByteMs).toBeLessThanOrEqual(ended.durationMs);
    expect(second.callId).not.toBe(started.callId);
    expect(JSON.stringify(all)).not.toContain("noted");
  });

  it("llm_output names the model, what it may read and how hard it was to think", async () => {
    const { say, seen } = await contract({ register: KEEP("llm_output", "before_agent_finalize") });
    await say("hello");
    const [[, output], [, finalize, context]] = await seen();
    expect(output).toMatchObject({
      resolvedRef: "echo/echo-1",
      contextWindowSource: "model",
      reasoningEffort: "off",
      assistantTexts: [expect.stringContaining("hello")],
      usage: { total: expect.any(Number) },
    });
    expect(finalize).toMatchObject({
      turnId: finalize.runId,
      cwd: context.workspaceDir,
      stopHookActive: false,
    });
    expect(context).toMatchObject({
      agentId: "main",
      modelProviderId: "echo",
      modelId: "echo-1",
      trigger: "user",
      inputProvenance: { kind: "external_user" },
    });
  });

  it("[F124] a turn of a channel names its chat and its sender", async () => {
    const gateway = await contract(
      [{ register: KEEP("before_model_resolve", "message_received", "message_sent") }, MEMO],
      { config: MEMO_CONFIG },
    );
    const platform = memo(gateway);
    await platform.hear("bob", "hi all", "room");
    await platform.next("hi all");
    await expect.poll(async () => (await gateway.seen()).length).toBe(3);
    const [received, resolve, sent] = await gateway.seen();
    expect(received).toMatchObject([
      "message_received",
      { from: "room", content: "hi all", senderId: "bob", metadata: { chatType: "group" } },
      {
        channelId: "memo",
        accountId: "default",
        conversationId: "room",
        senderId: "bob",
        sessionKey: resolve[2].sessionKey,
      },
    ]);
    expect(resolve[2]).toMatchObject({
      channel: "memo",
      messageProvider: "memo",
      chatId: "room",
      senderId: "bob",
      channelContext: { sender: { id: "bob" }, chat: { id: "room" } },
      inputProvenance: { kind: "external_user", sourceChannel: "memo" },
    });
    expect(sent).toMatchObject([
      "message_sent",
      { to: "room", success: true, messageId: "sent-1", runId: resolve[2].runId },
      { channelId: "memo", conversationId: "room" },
    ]);
  });

  it("[F131] message_received tells what a channel plugin knows of a message it dispatches itself", async () => {
    const gateway = await contract([{ register: KEEP("message_received") }, MEMO], { config: MEMO_CONFIG });
    const media = [{ path: "/tmp/a.png", contentType: "image/png" }];
    await gateway.call("memo.dispatch", {
      OriginatingChannel: "memo",
      Provider: "memo",
      From: "memo:alice",
      To: "alice",
      SenderId: "alice",
      SenderName: "Alice",
      RawBody: "where is this?",
      MessageSid: "7",
      MessageThreadId: "42",
      ReplyToId: "6",
      ReplyToBody: "look",
      ReplyToIsQuote: true,
      LocationLat: 1.5,
      LocationLon: 2.5,
      media,
      ChatType: "direct",
    });
    expect(await gateway.seen()).toMatchObject([
      [
        "message_received",
        {
          from: "memo:alice",
          content: "where is this?",
          messageId: "7",
          threadId: "42",
          senderId: "alice",
          replyToId: "6",
          replyToBody: "look",
          replyToIsQuote: true,
          location: { latitude: 1.5, longitude: 2.5 },
          media,
          metadata: { senderName: "Alice", provider: "memo", chatType: "direct" },
        },
        { channelId: "memo", messageId: "7", senderId: "alice", replyToId: "6" },
      ],
    ]);
  });

  it("[F131] message_received tells once of a message that a person typed on the chat page", async () => {
    const gateway = await contract({ register: KEEP("message_received") });
    const params = { sessionKey: "main", message: "hello", idempotencyKey: "typed-1" };
    await gateway.call("chat.send", params);
    await gateway.call("chat.send", params);
    const sessionKey = "agent:main:main";
    await expect.poll(gateway.seen).toMatchObject([
      [
        "message_received",
        {
          content: "hello",
          messageId: "typed-1",
          sessionKey,
          runId: "typed-1",
          metadata: { provider: "webchat", chatType: "direct" },
        },
        { channelId: "webchat", sessionKey, runId: "typed-1" },
      ],
    ]);
  });

  it("[F124] channel_pairing_requested tells of an unknown sender and the code", async () => {
    const gateway = await contract([{ register: KEEP("channel_pairing_requested") }, MEMO], {
      config: { channels: { memo: { dmPolicy: "pairing" } } },
    });
    const platform = memo(gateway);
    await platform.hear("stranger", "let me in");
    await expect.poll(async () => (await gateway.seen()).length).toBe(1);
    expect(await gateway.seen()).toMatchObject([
      [
        "channel_pairing_requested",
        { channel: "memo", accountId: "default", senderId: "stranger", code: expect.stringMatching(/\S+/) },
        { channelId: "memo", senderId: "stranger" },
      ],
    ]);
  });

  it("[F124] tool_result_persist changes what the transcript keeps, not what the turn has", async () => {
    const { say, call } = await contract({
      register: `${NOTE.register}
        api.on("tool_result_persist", ({ message, toolName, isSynthetic }) => toolName === "note" && !isSynthetic
          ? { message: { ...message, content: [{ type: "text", text: "(kept short)" }], details: undefined } } : undefined);`,
      manifest: NOTE.manifest,
    });
    // The offline model repeats what the tool told it.
    expect(await say("/tool note {}")).toContain("noted");
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(JSON.stringify(messages)).toContain("(kept short)");
  });
});

describe("before_prompt_build", () => {
  it("[F135] handlers that require tool authority run when the tools are settled, and add context only", async () => {
    const { say, seen } = await contract({
      register: `${NOTE.register}
        let authority;
        api.on("before_prompt_build", () => { seen.push("plain"); return { toolsAllow: ["note"], prependContext: "PLAIN" }; });
        api.on("before_prompt_build", (event, ctx) => {
          authority = ctx.toolAuthority;
          authority.assertActive();
          seen.push([authority.fingerprint.length, authority.allows("note"), authority.allows("message"), event.prompt]);
          return { prependContext: "PROVEN", systemPrompt: "ignored", toolsAllow: [] };
        }, { requiresToolAuthority: true });
        api.on("llm_input", (event) => { seen.push([event.systemPrompt === "ignored", event.tools.map(({ name }) => name)]); });
        api.on("agent_end", () => setTimeout(() => {
          try { authority.assertActive(); seen.push("active"); } catch (error) { seen.push(error.code); }
        }, 20));`,
      manifest: NOTE.manifest,
    });
    expect(await say("words")).toContain("PLAIN\n\nPROVEN\n\nwords");
    await expect.poll(async () => (await seen()).length).toBe(4);
    expect(await seen()).toEqual(["plain", [64, true, false, "words"], [false, ["note"]], "INVOCATION_OVER"]);
  });

  it("[F135] a turn that a handler runs itself is not asked about again", async () => {
    const { say, seen } = await contract({
      register: `api.on("before_prompt_build", async (event, ctx) => {
        seen.push(event.prompt);
        if (seen.length > 3) return undefined;
        const { runId } = await api.runtime.subagent.run({ sessionKey: "agent:main:helper", message: "inner words" });
        await api.runtime.subagent.waitForRun({ runId, timeoutMs: 5_000 });
        return { prependContext: "HELPED" };
      });`,
    });
    expect(await say("outer words")).toContain("HELPED");
    expect(await seen()).toEqual(["outer words"]);
  });
});
