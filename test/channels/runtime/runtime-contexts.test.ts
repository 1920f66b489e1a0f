import { expect, test } from "vitest";
import {
  createRuntimeContexts,
  MAX_RUNTIME_CONTEXTS,
} from "../../../src/channels/runtime/runtime-contexts.ts";
import {
  getChannelRuntimeContext,
  registerChannelRuntimeContext,
  watchChannelRuntimeContexts,
} from "../../../src/plugin-sdk/channel-runtime-context.ts";
import { openChannels, testPlatform } from "../support.ts";

test("what a running account leaves is found by its channel until its signal or its handle ends it", async () => {
  const { channels } = await openChannels({ platforms: [testPlatform()] });
  const channelRuntime = channels.runtime;
  const key = { channelRuntime, channelId: "memo", capability: "client" };
  const seen: unknown[] = [];
  const unwatch = watchChannelRuntimeContexts({
    channelRuntime,
    channelId: "Memo",
    onEvent: (event) => void seen.push(event),
  });
  watchChannelRuntimeContexts({
    channelRuntime,
    onEvent: () => {
      throw new Error("a watch that fails");
    },
  });
  const running = new AbortController();
  const first = registerChannelRuntimeContext({
    ...key,
    accountId: "Work",
    context: 1,
    abortSignal: running.signal,
  });
  const second = registerChannelRuntimeContext({ ...key, accountId: "work", context: 2 });
  registerChannelRuntimeContext({ ...key, channelId: "other", context: 3 });
  expect(getChannelRuntimeContext({ ...key, accountId: "work" })).toBe(2);
  expect(getChannelRuntimeContext(key)).toBeUndefined();
  second?.dispose();
  expect(getChannelRuntimeContext({ ...key, accountId: "work" })).toBe(1);
  running.abort();
  first?.dispose();
  expect(getChannelRuntimeContext({ ...key, accountId: "work" })).toBeUndefined();
  const work = { channelId: "memo", accountId: "work", capability: "client" };
  expect(seen).toEqual([
    { type: "registered", key: work, context: 1 },
    { type: "registered", key: work, context: 2 },
    { type: "unregistered", key: work, context: 2 },
    { type: "unregistered", key: work, context: 1 },
  ]);
  unwatch?.();
  registerChannelRuntimeContext({ ...key, context: 4, abortSignal: AbortSignal.abort() });
  registerChannelRuntimeContext({ ...key, context: 5 });
  expect(seen).toHaveLength(4);
});

test("there is an end to what can be left", () => {
  const contexts = createRuntimeContexts();
  const leave = (at: number) => contexts.register({ channelId: "memo", capability: `c${at}`, context: at });
  const first = leave(0);
  for (let at = 1; at < MAX_RUNTIME_CONTEXTS; at++) leave(at);
  expect(() => leave(MAX_RUNTIME_CONTEXTS)).toThrow("too many");
  first.dispose();
  first.dispose();
  leave(MAX_RUNTIME_CONTEXTS);
  expect(() => leave(-1)).toThrow("too many");
  const watch = () => contexts.watch({ onEvent: () => {} });
  const unwatch = watch();
  for (let at = 1; at < MAX_RUNTIME_CONTEXTS; at++) watch();
  expect(watch).toThrow("too many");
  unwatch();
  watch();
});

test("the reaction to a message seen is decided and taken back through the runtime", async () => {
  const { channels } = await openChannels({ platforms: [testPlatform()] });
  const reactions = channels.runtime.reactions as {
    shouldAckReaction(params: object): boolean;
    removeAckReactionAfterReply(params: object): void;
  };
  const direct = { isDirect: true, isGroup: false, isMentionableGroup: false };
  const facts = { ...direct, canDetectMention: true, effectiveWasMentioned: false };
  expect(reactions.shouldAckReaction({ ...facts, scope: "direct" })).toBe(true);
  expect(reactions.shouldAckReaction({ ...facts, scope: "off" })).toBe(false);
  const removed = new Promise<void>((done) => {
    const remove = async () => done();
    const sent = Promise.resolve(true);
    reactions.removeAckReactionAfterReply({
      removeAfterReply: true,
      ackReactionPromise: sent,
      ackReactionValue: "👀",
      remove,
    });
  });
  await removed;
});
