import { expect, test } from "vitest";
import type { ChannelRuntime, MsgContext } from "../../../src/contracts/channel-runtime.ts";
import { openChannels, testPlatform } from "../support.ts";

interface Hand {
  finalizeInboundContext(ctx: MsgContext): MsgContext;
  formatAgentEnvelope(params: object): string;
  dispatchReplyWithBufferedBlockDispatcher(
    params: object,
  ): Promise<{ queuedFinal: boolean; counts: { final: number } }>;
  createReplyDispatcherWithTyping(options: object): { dispatcher: object; replyOptions: object };
  dispatchReplyFromConfig(params: object): Promise<{ queuedFinal: boolean; counts: { final: number } }>;
}

const handOf = (runtime: ChannelRuntime) => runtime.reply as unknown as Hand;

test("the hand-made chain of older plugins ends in durable rows and the plugin's own delivery", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  const { runtime } = room.channels;
  const hand = handOf(runtime);
  const session = runtime.session as unknown as {
    resolveStorePath(store: string | undefined, options: object): string;
    recordInboundSession(params: object): Promise<void>;
    readSessionUpdatedAt(params: object): number | undefined;
  };
  const route = runtime.routing.resolveAgentRoute({
    cfg: {},
    channel: "memo",
    peer: { kind: "dm", id: "ada" },
  });
  const storePath = session.resolveStorePath(undefined, { agentId: route.agentId });
  const ctx = hand.finalizeInboundContext({
    Body: hand.formatAgentEnvelope({ channel: "Memo", from: "Ada", body: "hi" }),
    RawBody: "hi",
    From: "memo:ada",
    To: "ada",
    SessionKey: route.sessionKey,
    AccountId: route.accountId,
    ChatType: "dm",
    SenderId: "ada",
    Provider: "memo",
    MessageSid: "p1",
    OriginatingChannel: "memo",
    OriginatingTo: "ada",
  });
  expect(ctx).toMatchObject({ ChatType: "direct", CommandAuthorized: false, BodyForAgent: "hi" });
  await session.recordInboundSession({
    storePath,
    sessionKey: route.sessionKey,
    ctx,
    onRecordError: () => {},
  });
  expect(session.readSessionUpdatedAt({ storePath, sessionKey: route.sessionKey })).toBeGreaterThan(0);
  const delivered: string[] = [];
  const result = await hand.dispatchReplyWithBufferedBlockDispatcher({
    ctx,
    cfg: {},
    dispatcherOptions: { deliver: (payload: { text: string }) => void delivered.push(payload.text) },
  });
  expect(result).toMatchObject({ queuedFinal: true, counts: { final: 1 } });
  expect(delivered).toEqual(["re: hi"]);
  expect(memo.sent).toEqual([]);
  await room.settled();
  expect((await room.store.call.inbox.counts({})).byStatus.answered).toBe(1);
  expect((await room.store.call.outbox.counts({})).byStatus.delivered).toBe(1);
  const again = await hand.dispatchReplyWithBufferedBlockDispatcher({
    ctx,
    cfg: {},
    dispatcherOptions: { deliver: () => expect.fail("a known message must not be answered twice") },
  });
  expect(again).toMatchObject({ queuedFinal: false, duplicate: true });
});

test("the newer chain runs the stages of a raw event with the plugin's functions", async () => {
  const room = await openChannels({ platforms: [testPlatform()] });
  const { runtime } = room.channels;
  const delivered: string[] = [];
  const finals: object[] = [];
  const run = (raw: { id: string; text: string; kind?: string }) =>
    runtime.inbound.run({
      channel: "memo",
      raw,
      adapter: {
        ingest: (event: { id: string; text: string }) =>
          event.text === "" ? null : { id: event.id, rawText: event.text },
        classify: () => ({ kind: raw.kind ?? "message", canStartAgentTurn: raw.kind !== "reaction" }),
        preflight: () => (raw.text === "spam" ? { kind: "drop", reason: "spam" } : undefined),
        resolveTurn: (input: { id: string; rawText: string }) => {
          const route = runtime.routing.resolveAgentRoute({
            cfg: {},
            channel: "memo",
            peer: { kind: "direct", id: "bo" },
          });
          const ctxPayload = runtime.inbound.buildContext({
            channel: "memo",
            from: "bo",
            messageId: input.id,
            sender: { id: "bo", name: "Bo" },
            conversation: { kind: "direct", id: "bo" },
            route: { agentId: route.agentId, routeSessionKey: route.sessionKey },
            reply: { to: "bo" },
            message: { rawBody: input.rawText },
          });
          return {
            cfg: {},
            channel: "memo",
            route,
            ctxPayload,
            delivery: { deliver: async (payload: { text: string }) => void delivered.push(payload.text) },
          };
        },
        onFinalize: (result: object) => void finals.push(result),
      },
    });
  expect(await run({ id: "r1", text: "moin" })).toMatchObject({
    admission: { kind: "dispatch" },
    dispatched: true,
  });
  expect(await run({ id: "r2", text: "" })).toMatchObject({ dispatched: false });
  expect(await run({ id: "r3", text: "x", kind: "reaction" })).toMatchObject({
    admission: { kind: "handled", reason: "event:reaction" },
  });
  expect(await run({ id: "r4", text: "spam" })).toMatchObject({
    admission: { kind: "drop", reason: "spam" },
  });
  expect(delivered).toEqual(["re: moin"]);
  expect(finals).toHaveLength(4);
});

test.each(["run", "dispatch"] as const)(
  "a plan that dispatches by itself does so through %s, and its own dispatcher delivers",
  async (way) => {
    const room = await openChannels({ platforms: [testPlatform()] });
    const { inbound, reply, routing } = room.channels.runtime;
    const hand = reply as unknown as Hand & { withReplyDispatcher(params: object): Promise<unknown> };
    const delivered: string[] = [];
    const { sessionKey } = routing.resolveAgentRoute({
      cfg: {},
      channel: "memo",
      peer: { kind: "direct", id: "cy" },
    });
    const ctxPayload = hand.finalizeInboundContext({
      RawBody: "servus",
      From: "memo:cy",
      To: "cy",
      SessionKey: sessionKey,
      ChatType: "direct",
      SenderId: "cy",
      Provider: "memo",
      MessageSid: "own-1",
    });
    const { dispatcher, replyOptions } = hand.createReplyDispatcherWithTyping({
      deliver: async (payload: { text: string }) => void delivered.push(payload.text),
    });
    const plan = {
      channel: "memo",
      routeSessionKey: sessionKey,
      ctxPayload,
      runDispatch: () =>
        hand.withReplyDispatcher({
          dispatcher,
          run: () => hand.dispatchReplyFromConfig({ ctx: ctxPayload, cfg: {}, dispatcher, replyOptions }),
        }),
    };
    const result =
      way === "dispatch"
        ? await inbound.dispatch(plan)
        : await inbound.run({
            channel: "memo",
            raw: {},
            adapter: { ingest: () => ({ id: "own-1", rawText: "servus" }), resolveTurn: () => plan },
          });
    expect(result).toMatchObject({ dispatched: true, routeSessionKey: sessionKey });
    expect(delivered).toEqual(["re: servus"]);
    await room.settled();
    expect((await room.store.call.outbox.counts({})).byStatus.delivered).toBe(1);
  },
);

test("a plan without any delivery does not count its answer as delivered", async () => {
  const room = await openChannels({ platforms: [testPlatform()] });
  const { inbound, reply } = room.channels.runtime;
  const ctxPayload = (reply as unknown as Hand).finalizeInboundContext({
    RawBody: "hi",
    From: "memo:di",
    To: "di",
    SenderId: "di",
    Provider: "memo",
    MessageSid: "none-1",
  });
  await inbound.dispatch({ channel: "memo", ctxPayload });
  await room.settled();
  const { byStatus } = await room.store.call.outbox.counts({});
  expect(byStatus.delivered ?? 0).toBe(0);
});

test("an error of the plugin is thrown again after onFinalize has seen the end", async () => {
  const room = await openChannels({ platforms: [testPlatform()] });
  const finals: object[] = [];
  await expect(
    room.channels.runtime.inbound.run({
      raw: {},
      adapter: {
        ingest: () => ({ id: "x", rawText: "x" }),
        resolveTurn: () => {
          throw new Error("no route");
        },
        onFinalize: (result: object) => void finals.push(result),
      },
    }),
  ).rejects.toThrow("no route");
  expect(finals).toMatchObject([{ dispatched: false }]);
});

test("a dispatcher made by hand counts what went through it", async () => {
  const room = await openChannels({ platforms: [testPlatform()] });
  const hand = handOf(room.channels.runtime);
  const delivered: object[] = [];
  const { dispatcher, replyOptions } = hand.createReplyDispatcherWithTyping({
    deliver: async (payload: object, info: object) => void delivered.push({ ...payload, ...info }),
    responsePrefix: "[bot]",
  });
  const result = await hand.dispatchReplyFromConfig({
    ctx: { Body: "yo", From: "ada", To: "ada", Provider: "memo", MessageSid: "d1", SenderId: "ada" },
    cfg: {},
    dispatcher,
    replyOptions,
  });
  expect(result.counts.final).toBe(1);
  expect(delivered).toMatchObject([{ text: "[bot] re: yo", kind: "final" }]);
});

test("a reply whose plugin is gone after a restart goes out through the channel's adapter, cut to its limit", async () => {
  const memo = testPlatform();
  const first = await openChannels({ platforms: [memo], start: false });
  await first.store.call.inbox.accept({
    inboxId: "row-live",
    channel: "memo",
    accountId: "default",
    messageId: "m-live",
    conversation: "agent:main:main",
    payload: {
      v: 1,
      mode: "turn",
      turn: {
        ctx: { From: "ada", RawBody: "hi" },
        request: {
          sessionKey: "agent:main:main",
          agentId: "main",
          origin: "channel",
          text: "alpha beta gamma delta",
          deliver: { channel: "memo", accountId: "default", to: "ada" },
        },
      },
    },
    receivedAt: Date.now(),
  });
  await first.close();
  const second = await openChannels({
    platforms: [memo],
    folder: first.folder,
    config: { channels: { memo: { textChunkLimit: 16 } } },
  });
  await second.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: alpha beta", "gamma delta"]);
});

test("a delivery that fails is reported, settled as unknown, and can be replayed", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  const errors: unknown[] = [];
  const result = await handOf(room.channels.runtime).dispatchReplyWithBufferedBlockDispatcher({
    ctx: { Body: "hi", From: "ada", To: "ada", Provider: "memo", MessageSid: "f1", SenderId: "ada" },
    dispatcherOptions: {
      deliver: () => Promise.reject(new Error("socket closed")),
      onError: (error: unknown) => void errors.push(error),
    },
  });
  expect(result).toMatchObject({ failedCounts: { final: 1 } });
  expect(errors).toHaveLength(1);
  await room.settled();
  const [dead] = await room.store.call.outbox.list({ status: "dead" });
  expect(dead).toMatchObject({ reason: "unknown-after-send", lastError: "socket closed" });
  await room.channels.replayOutbound(dead?.outboxId ?? "");
  await room.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: hi"]);
});

test("a plugin learns at once that its message is durable, and that one was not taken", async () => {
  const room = await openChannels({ platforms: [testPlatform()] });
  const hand = handOf(room.channels.runtime);
  const told: string[] = [];
  const lifecycle = {
    onAdopted: () => {
      told.push("adopted");
      throw new Error("the claim could not be completed");
    },
    onAbandoned: () => void told.push("abandoned"),
    onSettled: () => void told.push("settled"),
  };
  const dispatch = (id: string) =>
    hand.dispatchReplyWithBufferedBlockDispatcher({
      ctx: { RawBody: "hi", From: "ada", To: "ada", SenderId: "ada", Provider: "memo", MessageSid: id },
      cfg: {},
      replyOptions: { turnAdoptionLifecycle: lifecycle },
      dispatcherOptions: {
        deliver: () => void told.push("delivered"),
        onError: (error: Error) => void told.push(error.message),
      },
    });
  await dispatch("m1");
  expect(told.splice(0)).toEqual(["adopted", "the claim could not be completed", "delivered", "settled"]);
  // Known before: durable all the same, so its claim may go.
  await dispatch("m1");
  expect(told.splice(0)).toEqual(["adopted", "the claim could not be completed", "settled"]);
  await room.channels.drain(0);
  await expect(dispatch("m2")).rejects.toThrow("stopping");
  expect(told).toEqual(["abandoned", "settled"]);
});
