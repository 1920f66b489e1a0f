import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import {
  classifyChannelInboundEvent,
  createChannelInboundDebouncer,
  createCommandTurnContext,
  dispatchInboundDirectDm,
  filterChannelInboundQuoteContext,
  getGroupThreadDeliverySession,
  isGroupThreadRouteExclusive,
  normalizeMentionText,
  readAgentRunTerminalOutcome,
  recordChannelBotPairLoopAndCheckSuppression,
  resolveGroupThreadConfig,
  resolveGroupThreadMentionFacts,
  resolveUnmentionedGroupInboundPolicy,
  runGroupThread,
  toHistoryMediaEntries,
} from "../../src/plugin-sdk/channel-inbound.ts";
import { createInboundDebouncer } from "../../src/plugin-sdk/channel-inbound-debounce.ts";
import { mergePairLoopGuardConfig } from "../../src/plugin-sdk/pair-loop-guard-runtime.ts";
import { openChannels, testPlatform } from "../channels/support.ts";

describe("a debouncer", () => {
  const cfg = { messages: { inbound: { byChannel: { chat: 100 } } } };

  it("[F191] waits as long as the channel's configuration says and joins what comes meanwhile", async () => {
    const clock = new ManualClock();
    const flushed: string[][] = [];
    const { debounceMs, debouncer } = createChannelInboundDebouncer<string>({
      cfg,
      channel: "chat",
      clock,
      buildKey: () => "ada",
      shouldDebounce: (text) => !text.startsWith("/"),
      onFlush: (items) => void flushed.push(items),
    });
    expect(debounceMs).toBe(100);
    await debouncer.enqueue("a");
    await clock.advance(60);
    await debouncer.enqueue("b");
    await clock.advance(60);
    expect(flushed).toEqual([]);
    await clock.advance(40);
    expect(flushed).toEqual([["a", "b"]]);
    await debouncer.enqueue("c");
    await debouncer.enqueue("/stop");
    expect(flushed).toEqual([["a", "b"], ["c"], ["/stop"]]);
  });

  it("a flush that has been taken up lets the next one of its key begin", async () => {
    const log: string[] = [];
    const adopted: string[] = [];
    let finish = () => {};
    const debouncer = createInboundDebouncer<string>({
      clock: new ManualClock(),
      debounceMs: 0,
      buildKey: () => "ada",
      onFlush: ([item = ""], createFlush) =>
        createFlush({
          lifecycle: { onAdopted: () => void adopted.push(item) },
          dispatch: async (lifecycle) => {
            log.push(`start ${item}`);
            await lifecycle.onAdopted();
            if (item === "long") await new Promise<void>((resolve) => (finish = resolve));
            log.push(`end ${item}`);
          },
        }),
    });
    await debouncer.enqueue("long");
    await debouncer.enqueue("short");
    expect([log, adopted]).toEqual([
      ["start long", "start short", "end short"],
      ["long", "short"],
    ]);
    const drained = debouncer.drain();
    finish();
    await drained;
    expect(log.at(-1)).toBe("end long");
  });

  it("a turn without a lifecycle can be given up; its failure is reported once", async () => {
    const errors: string[] = [];
    const debouncer = createInboundDebouncer<string>({
      clock: new ManualClock(),
      debounceMs: 0,
      buildKey: () => "ada",
      onFlush: (_items, createFlush) =>
        createFlush({
          lifecycle: undefined,
          dispatch: async (lifecycle) => {
            expect(lifecycle.abortSignal.aborted).toBe(false);
            await lifecycle.onAbandoned();
            throw new Error("no");
          },
        }),
      onError: (error) => void errors.push(String(error)),
    });
    await debouncer.enqueue("x");
    await debouncer.drain();
    expect(errors).toEqual(["Error: no"]);
  });

  it("an item that does not go with the others starts anew, and a cancelled buffer is told", async () => {
    const clock = new ManualClock();
    const flushed: string[][] = [];
    const cancelled: string[][] = [];
    const debouncer = createInboundDebouncer<string>({
      clock,
      debounceMs: 50,
      buildKey: () => "ada",
      canAppend: (item, pending) => item[0] === pending[0]?.[0],
      onFlush: (items) => void flushed.push(items),
      onCancel: (items) => void cancelled.push(items),
    });
    for (const item of ["a1", "a2", "b1"]) await debouncer.enqueue(item);
    await clock.advance(0);
    expect(flushed).toEqual([["a1", "a2"]]);
    expect(debouncer.cancelKey("ada")).toBe(true);
    expect([cancelled, debouncer.cancelKey("ada")]).toEqual([[["b1"]], false]);
  });
});

describe("bots that answer each other", () => {
  const pair = { scopeId: "default", conversationId: "room", defaultEnabled: true };
  const config = { maxEventsPerWindow: 3, windowSeconds: 10, cooldownSeconds: 30 };
  const say = (from: string, to: string, nowMs: number, more: object = {}) =>
    recordChannelBotPairLoopAndCheckSuppression({
      ...pair,
      senderId: from,
      receiverId: to,
      config,
      nowMs,
      ...more,
    });

  it("are held back over the budget of both directions, until the pause is over", () => {
    expect([say("a", "b", 0), say("b", "a", 1), say("a", "b", 2)].map((r) => r.suppressed)).toEqual([
      false,
      false,
      false,
    ]);
    expect(say("b", "a", 3)).toEqual({ suppressed: true, cooldownUntilMs: 30_003 });
    expect(say("a", "b", 30_002).suppressed).toBe(true);
    expect(say("a", "b", 30_003).suppressed).toBe(false);
    expect(say("a", "c", 4).suppressed).toBe(false);
  });

  it("a repeated delivery counts once, and events outside the window do not count", () => {
    const one = { conversationId: "other" };
    for (let at = 0; at < 10; at++)
      expect(say("a", "b", at, { ...one, eventId: "e" }).suppressed).toBe(false);
    for (let at = 1; at < 6; at++) expect(say("a", "b", at * 20_000, one).suppressed).toBe(false);
  });

  it("the guard is off unless a layer or the channel turns it on; layers win key by key", () => {
    for (let at = 0; at < 9; at++) {
      const result = say("a", "b", at, { conversationId: "off", defaultEnabled: false });
      expect(result).toEqual({ suppressed: false });
    }
    expect(mergePairLoopGuardConfig({ enabled: true, windowSeconds: 5 }, { windowSeconds: 7 })).toEqual({
      enabled: true,
      windowSeconds: 7,
    });
    expect(mergePairLoopGuardConfig(undefined, undefined)).toBeUndefined();
  });
});

describe("what a message asks for", () => {
  it("an unaddressed group message is a room event only where that is configured", () => {
    const cfg = {
      messages: { groupChat: { unmentionedInbound: "room_event" } },
      agents: { list: [{ id: "main" }, { id: "chatty", groupChat: { unmentionedInbound: "user_request" } }] },
    };
    expect(resolveUnmentionedGroupInboundPolicy({ cfg, agentId: "main" })).toBe("room_event");
    expect(resolveUnmentionedGroupInboundPolicy({ cfg, agentId: "chatty" })).toBe("user_request");
    const unmentionedGroupPolicy = "room_event" as const;
    const kind = (more: object, conversation = { kind: "group" }) =>
      classifyChannelInboundEvent({ conversation, unmentionedGroupPolicy, ...more });
    expect(kind({})).toBe("room_event");
    expect(kind({ wasMentioned: true })).toBe("user_request");
    expect(kind({ hasControlCommand: true })).toBe("user_request");
    expect(kind({ hasAbortRequest: true })).toBe("user_request");
    expect(kind({}, { kind: "direct" })).toBe("user_request");
  });

  it("a command knows its name and whether its sender may give it", () => {
    expect(createCommandTurnContext("text", { authorized: true, body: "/Reset now" })).toEqual({
      kind: "text-slash",
      source: "text",
      authorized: true,
      commandName: "reset",
      body: "/Reset now",
    });
    expect(createCommandTurnContext("message", { authorized: true, body: "hi" })).toMatchObject({
      kind: "normal",
      authorized: false,
    });
  });

  it("quotes of strangers are shown as far as the setting allows", () => {
    const quote = { body: "x", senderAllowed: false };
    expect(filterChannelInboundQuoteContext("all", quote)).toBe(quote);
    expect(filterChannelInboundQuoteContext("allowlist_quote", quote)).toBe(quote);
    expect(filterChannelInboundQuoteContext("allowlist", quote)).toBeUndefined();
    expect(filterChannelInboundQuoteContext("allowlist", { ...quote, senderAllowed: true })).toBeDefined();
  });

  it("history keeps what can be shown again of an attachment", () => {
    expect(
      toHistoryMediaEntries([{ path: "/a.png", contentType: "image/png" }, { fileName: "x" }, { url: "u" }], {
        messageId: "7",
      }),
    ).toEqual([
      { path: "/a.png", contentType: "image/png", kind: "image", messageId: "7" },
      { url: "u", messageId: "7" },
    ]);
  });

  it("mention patterns see text without zero-width characters, in lower case", () => {
    expect(normalizeMentionText("@A\u200bda")).toBe("@ada");
  });
});

describe("several agents in one conversation", () => {
  const agents = {
    list: [
      { id: "ada", identity: { name: "Ada" } },
      { id: "bob", identity: { name: "Bob" } },
    ],
  };
  const cfg = {
    agents,
    broadcast: { strategy: "sequential", "chat:room": ["ada", "bob", "eve"], "555@g.us": ["bob"] },
  };
  const facts = (text: string) =>
    resolveGroupThreadMentionFacts({ cfg, channel: "chat", peerId: "room", text });

  it("are those of the conversation's entry that exist", () => {
    expect(resolveGroupThreadConfig({ cfg, channel: "chat", peerId: "room" })).toMatchObject({
      agents: ["ada", "bob"],
      unknownAgentIds: ["eve"],
      qualified: true,
      mentionGating: true,
      strategy: "sequential",
    });
    expect(resolveGroupThreadConfig({ cfg, channel: "chat", peerId: "other" })).toBeUndefined();
    expect(resolveGroupThreadConfig({ cfg, channel: "chat", peerId: "555@g.us" })).toBeUndefined();
    expect(resolveGroupThreadConfig({ cfg, channel: "whatsapp", peerId: "555@g.us" })).toMatchObject({
      agents: ["bob"],
      qualified: false,
    });
  });

  it("are addressed by @name only, and not where one session owns the conversation", () => {
    expect(facts("hey @bob, ada?")?.mentionedAgentIds).toEqual(["bob"]);
    expect(facts("bob?")?.mentionedAgentIds).toEqual([]);
    expect(isGroupThreadRouteExclusive({ sessionKey: "agent:main:acp:1" })).toBe(true);
    expect(isGroupThreadRouteExclusive({ sessionKey: "agent:main:main" })).toBe(false);
  });

  it("have one turn each, one after the other, and one failure is its own", async () => {
    const group = resolveGroupThreadConfig({ cfg, channel: "chat", peerId: "room" });
    if (!group) throw new Error("no group");
    const failures: string[] = [];
    const run = (text: string) =>
      runGroupThread({
        cfg,
        group,
        channel: "chat",
        peerId: "room",
        text,
        runTurn: async ({ agentId }) => {
          await Promise.resolve();
          if (agentId === "ada") throw new Error("tired");
          return getGroupThreadDeliverySession();
        },
        onError: (error, { agentId }) => failures.push(`${agentId}: ${(error as Error).message}`),
      });
    expect(await run("hello")).toEqual({
      results: [{ agentId: "bob", sessionKey: "agent:bob:chat:group:room" }],
      turnsStarted: 2,
      failedTurns: 1,
    });
    expect(failures).toEqual(["ada: tired"]);
    expect(await run("@bob")).toMatchObject({ turnsStarted: 1, failedTurns: 0 });
    expect(getGroupThreadDeliverySession()).toBeUndefined();
  });
});

describe("a private message", () => {
  it("goes through route, context and turn, and its answer through the plugin's delivery", async () => {
    const room = await openChannels({ platforms: [testPlatform()] });
    const delivered: string[] = [];
    let asked = 0;
    const { route, ctxPayload } = await dispatchInboundDirectDm({
      cfg: {},
      channelRuntime: room.channels.runtime,
      channel: "memo",
      channelLabel: "Memo",
      accountId: "default",
      peer: { kind: "direct", id: "ada" },
      senderId: "ada",
      senderAddress: "memo:ada",
      recipientAddress: "memo:bot",
      conversationLabel: "Ada",
      rawBody: "hi",
      messageId: "1",
      resolveChannelIngress: () => void asked++,
      deliver: (payload) => void delivered.push((payload as { text: string }).text),
    });
    expect([delivered, asked]).toEqual([["re: hi"], 1]);
    expect(route.agentId).toBe("main");
    expect(ctxPayload).toMatchObject({ RawBody: "hi", SenderId: "ada", ChatType: "direct" });
    await room.settled();
    expect((await room.store.call.outbox.counts({})).byStatus.delivered).toBe(1);
  });

  it("the dispatch says how the run ended", async () => {
    const room = await openChannels({ platforms: [testPlatform()] });
    const reply = room.channels.runtime.reply as unknown as {
      dispatchReplyWithBufferedBlockDispatcher(params: object): Promise<object>;
    };
    const ctx = { RawBody: "hi", From: "memo:ada", SenderId: "ada", Provider: "memo", MessageSid: "1" };
    const result = await reply.dispatchReplyWithBufferedBlockDispatcher({
      ctx,
      dispatcherOptions: { deliver: () => {} },
    });
    expect(readAgentRunTerminalOutcome(result)).toBe("completed");
    expect(readAgentRunTerminalOutcome({ dispatchResult: { agentRunOutcome: "failed" } })).toBe("failed");
    expect(readAgentRunTerminalOutcome({})).toBeUndefined();
  });
});
