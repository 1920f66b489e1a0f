import { describe, expect, it, onTestFinished } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import { dispatchReplyFromConfigWithSettledDispatcher } from "../../src/plugin-sdk/channel-inbound.ts";
import { isSilentReplyText, SILENT_REPLY_TOKEN } from "../../src/plugin-sdk/reply-chunking.ts";
import { generateConversationLabel } from "../../src/plugin-sdk/reply-dispatch-runtime.ts";
import {
  buildHistoryContextFromEntries,
  buildInboundHistoryFromEntries,
  CURRENT_MESSAGE_MARKER,
  HISTORY_CONTEXT_MARKER,
} from "../../src/plugin-sdk/reply-history.ts";
import {
  sendPayloadMediaSequence,
  sendPayloadMediaSequenceAndFinalize,
  sendPayloadMediaSequenceOrFallback,
  sendPayloadWithChunkedTextAndMedia,
} from "../../src/plugin-sdk/reply-payload.ts";
import {
  createReplyReferencePlanner,
  isSingleUseReplyToMode,
  resolveBatchedReplyThreadingPolicy,
} from "../../src/plugin-sdk/reply-reference.ts";
import {
  createReplyDispatcherWithTyping,
  dispatchInboundMessage,
  dispatchReplyWithDispatcher,
  getReplyFromConfig,
  HEARTBEAT_PROMPT,
  HEARTBEAT_TOKEN,
  settleReplyDispatcher,
  stripHeartbeatToken,
} from "../../src/plugin-sdk/reply-runtime.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import { openChannels, testPlatform } from "../channels/support.ts";
import { hooksOf } from "../runtime/agent/support.ts";

describe("history of a conversation", () => {
  const entries = ["a", "b", "c"].map((body, index) => ({ sender: "Ada", body, messageId: `${index}` }));
  const formatEntry = (entry: { body: string }) => `- ${entry.body}`;

  it("stands before the current message, which is the last entry unless said otherwise", () => {
    const text = buildHistoryContextFromEntries({ entries, currentMessage: "c", formatEntry });
    expect(text).toBe([HISTORY_CONTEXT_MARKER, "- a\n- b", "", CURRENT_MESSAGE_MARKER, "c"].join("\n"));
    const whole = { entries, currentMessage: "d", formatEntry, excludeLast: false } as const;
    expect(buildHistoryContextFromEntries(whole)).toContain("- c");
    const recent = buildHistoryContextFromEntries({ ...whole, historyKind: "recent" });
    expect(recent).not.toContain(HISTORY_CONTEXT_MARKER);
    expect(recent).toContain(CURRENT_MESSAGE_MARKER);
    expect(buildHistoryContextFromEntries({ entries: [], currentMessage: "d", formatEntry })).toBe("d");
  });

  it("is data of the newest entries", () => {
    expect(buildInboundHistoryFromEntries({ entries, limit: 2 })?.map(({ body }) => body)).toEqual([
      "b",
      "c",
    ]);
    expect(buildInboundHistoryFromEntries({ entries, limit: 0 })).toBeUndefined();
    expect(buildInboundHistoryFromEntries({ entries: [] })).toBeUndefined();
  });
});

describe("which message an answer refers to", () => {
  const sequence = (options: Parameters<typeof createReplyReferencePlanner>[0]) => {
    const planner = createReplyReferencePlanner(options);
    return [planner.use(), planner.use(), planner.hasReplied()];
  };

  it("every part, the first one, or none, as the mode says", () => {
    const ids = { existingId: "thread", startId: "start" };
    expect(sequence({ replyToMode: "all", ...ids })).toEqual(["thread", "thread", true]);
    expect(sequence({ replyToMode: "first", startId: "start" })).toEqual(["start", undefined, true]);
    expect(sequence({ replyToMode: "batched", ...ids, hasReplied: true })).toEqual([
      undefined,
      undefined,
      true,
    ]);
    expect(sequence({ replyToMode: "off", ...ids })).toEqual([undefined, undefined, false]);
    expect(sequence({ replyToMode: "all", ...ids, allowReference: false })[0]).toBeUndefined();
  });

  it("looking does not use it up; what was sent otherwise does", () => {
    const planner = createReplyReferencePlanner({ replyToMode: "first", startId: "s" });
    expect([planner.peek(), planner.peek(), planner.hasReplied()]).toEqual(["s", "s", false]);
    planner.markSent();
    expect(planner.peek()).toBeUndefined();
  });

  it("under `batched` only an answer to several messages refers to the last", () => {
    expect(resolveBatchedReplyThreadingPolicy("batched", true)).toEqual({ implicitCurrentMessage: "allow" });
    expect(resolveBatchedReplyThreadingPolicy("batched", false)).toEqual({ implicitCurrentMessage: "deny" });
    expect(resolveBatchedReplyThreadingPolicy("all", true)).toBeUndefined();
    expect([isSingleUseReplyToMode("first"), isSingleUseReplyToMode("all")]).toEqual([true, false]);
  });
});

describe("attachments in order", () => {
  const log: string[] = [];
  const send = async ({ text, mediaUrl, isFirst }: { text: string; mediaUrl: string; isFirst: boolean }) => {
    log.push(`${mediaUrl}:${text}:${isFirst}`);
    return mediaUrl;
  };

  it("carry the text on the first and give the last result", async () => {
    log.length = 0;
    const results: string[] = [];
    const onResult = (result: string) => void results.push(result);
    const sequence = { text: "t", mediaUrls: ["a", "b"], send, onResult };
    expect(await sendPayloadMediaSequence(sequence)).toBe("b");
    expect(log).toEqual(["a:t:true", "b::false"]);
    expect(results).toEqual(["a", "b"]);
    expect(await sendPayloadMediaSequenceAndFinalize({ ...sequence, finalize: async () => "end" })).toBe(
      "end",
    );
  });

  it("without any, something else is sent or the fallback holds", async () => {
    const none = { text: "t", mediaUrls: [], send, fallbackResult: "nothing" };
    expect(await sendPayloadMediaSequenceOrFallback(none)).toBe("nothing");
    expect(await sendPayloadMediaSequenceOrFallback({ ...none, sendNoMedia: async () => "text" })).toBe(
      "text",
    );
    expect(await sendPayloadMediaSequence(none)).toBeUndefined();
  });

  it("a payload is sent as attachments, as pieces of text, or not at all", async () => {
    const sent: string[] = [];
    const run = (payload: { text?: string; mediaUrls?: string[] }) =>
      sendPayloadWithChunkedTextAndMedia({
        ctx: { payload, to: "x" },
        textChunkLimit: 2,
        chunker: (text, limit) => text.match(new RegExp(`.{1,${limit}}`, "g")) ?? [],
        sendText: async ({ text, to }) => {
          sent.push(`${to}:${text}`);
          return text;
        },
        sendMedia: async ({ text, mediaUrl }) => {
          sent.push(`${mediaUrl}:${text}`);
          return mediaUrl;
        },
        emptyResult: "empty",
      });
    expect(await run({ text: "abc" })).toBe("c");
    expect(await run({ text: "abc", mediaUrls: ["u"] })).toBe("u");
    expect(await run({ text: " " })).toBe("empty");
    expect(sent).toEqual(["x:ab", "x:c", "u:abc"]);
  });
});

describe("answers that say nothing", () => {
  it("are known by their token", () => {
    expect(isSilentReplyText(SILENT_REPLY_TOKEN)).toBe(true);
    expect(isSilentReplyText("hello")).toBe(false);
  });

  it("a heartbeat's token is taken off; a short rest is no news, a long one is", () => {
    const heartbeat = (text: string, more = {}) => stripHeartbeatToken(text, { mode: "heartbeat", ...more });
    expect(HEARTBEAT_PROMPT).toContain(HEARTBEAT_TOKEN);
    expect(heartbeat(HEARTBEAT_TOKEN)).toEqual({ shouldSkip: true, text: "", didStrip: true });
    expect(heartbeat(`**${HEARTBEAT_TOKEN}**.`)).toMatchObject({ shouldSkip: true });
    expect(heartbeat(`All fine. ${HEARTBEAT_TOKEN}`)).toMatchObject({ shouldSkip: true });
    const long = "x".repeat(301);
    expect(heartbeat(`${HEARTBEAT_TOKEN} ${long}`)).toEqual({
      shouldSkip: false,
      text: long,
      didStrip: true,
    });
    expect(heartbeat(`${HEARTBEAT_TOKEN} y`, { maxAckChars: 0 })).toMatchObject({ shouldSkip: false });
    expect(stripHeartbeatToken(`${HEARTBEAT_TOKEN} hello`)).toMatchObject({
      shouldSkip: false,
      text: "hello",
    });
    expect(heartbeat("news")).toEqual({ shouldSkip: false, text: "news", didStrip: false });
    expect(heartbeat("  ")).toMatchObject({ shouldSkip: true });
  });
});

describe("the running gateway's agent", () => {
  it("answers a message context for a plugin that shows the answer itself", async () => {
    const room = await openChannels({ platforms: [testPlatform()] });
    const runtime = { channel: room.channels.runtime } as unknown as PluginRuntime;
    const announced = announceSdkHost(() => runtime, hooksOf());
    onTestFinished(() => void announced.dispose());
    const ctx = { RawBody: "hi", From: "memo:ada", SenderId: "ada", Provider: "memo", MessageSid: "1" };
    expect(await getReplyFromConfig(ctx)).toMatchObject({ text: "re: hi" });
  });

  it("answers through a dispatcher that the plugin made, or was made for it", async () => {
    const room = await openChannels({ platforms: [testPlatform()] });
    const runtime = { channel: room.channels.runtime } as unknown as PluginRuntime;
    const announced = announceSdkHost(() => runtime, hooksOf());
    onTestFinished(() => void announced.dispose());
    const message = (id: string) => ({
      RawBody: id,
      From: "memo:ada",
      SenderId: "ada",
      Provider: "memo",
      MessageSid: id,
    });
    const said: string[] = [];
    const deliver = async (payload: { text: string }) => void said.push(payload.text);
    const made = createReplyDispatcherWithTyping({ deliver, onIdle: () => void said.push("idle") });
    const result = await dispatchInboundMessage({ ctx: message("one"), ...made });
    expect(result).toMatchObject({ queuedFinal: true, counts: { final: 1 } });
    expect(said).toEqual(["re: one", "idle"]);
    await settleReplyDispatcher({ dispatcher: made.dispatcher, onSettled: () => void said.push("settled") });
    await dispatchReplyWithDispatcher({ ctx: message("two"), dispatcherOptions: { deliver } });
    const { dispatcher } = createReplyDispatcherWithTyping({ deliver });
    const onSettled = () => void said.push("out");
    await dispatchReplyFromConfigWithSettledDispatcher({
      ctxPayload: message("three"),
      dispatcher,
      onSettled,
    });
    const spoken = said.filter((text) => text !== "idle");
    expect(spoken).toEqual(["re: one", "settled", "re: two", "re: three", "out"]);
  });

  it("is named where there is none", async () => {
    await expect(getReplyFromConfig({})).rejects.toThrow("needs a running gateway");
    expect(() => createReplyDispatcherWithTyping({})).toThrow("needs a running gateway");
  });

  it("names a conversation in one short line, or not in time", async () => {
    const asked: { model?: string; systemPrompt?: string }[] = [];
    const complete = async (given: {
      signal: AbortSignal;
      model?: string;
      messages: { content: string }[];
    }) => {
      asked.push(given);
      if (given.messages[0]?.content === "slow") {
        await new Promise((_resolve, reject) =>
          given.signal.addEventListener("abort", () => reject(new Error("late"))),
        );
      }
      if (given.messages[0]?.content === "broken") throw new Error("no model");
      return { text: '"A very long title"\nand more' };
    };
    const announced = announceSdkHost(() => ({ llm: { complete } }) as unknown as PluginRuntime, hooksOf());
    onTestFinished(() => void announced.dispose());
    const label = (userMessage: string) =>
      generateConversationLabel({
        cfg: {},
        userMessage,
        prompt: "name it",
        modelRef: "p/m",
        timeoutMs: 20,
        maxLength: 6,
      });
    expect(await label("hi")).toBe("A very");
    expect(asked[0]).toMatchObject({ model: "p/m", systemPrompt: "name it" });
    expect(await label("slow")).toBeNull();
    await expect(label("broken")).rejects.toThrow("no model");
  });
});
