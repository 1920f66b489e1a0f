import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import {
  buildOutboundSessionContext,
  createChannelProgressWorkCounter,
  createChannelRunQueue,
  createDraftStreamLoop,
  createLivePreviewLifecycle,
  createPreviewMessageReceipt,
  formatChannelProgressDraftDiffStat,
  formatChannelProgressDraftLineForEntry,
  formatChannelProgressDraftText,
  formatPlanChecklistLines,
  isChannelProgressDraftWorkToolName,
  isRecentOutboundMessageIdentity,
  logTypingFailure,
  recordOutboundMessageIdentity,
  resolveAgentOutboundIdentity,
  resolveChannelDraftStreamingChunking,
  resolveChannelProgressDraftConfig,
  resolveChannelProgressDraftMaxLineChars,
  resolveChannelStreamingPreviewCommandText,
  resolveChannelStreamingProgressNarration,
  resolveChannelStreamingSuppressDefaultToolProgressMessages,
  resolveTranscriptBackedChannelFinalText,
  sendDurableMessageBatch,
} from "../../src/plugin-sdk/channel-outbound.ts";
import {
  getChannelStreamingConfigObject,
  resolveChannelStreamingNativeTransport,
} from "../../src/plugin-sdk/channel-streaming-config.ts";
import * as echoRuntime from "../../src/plugin-sdk/outbound-echo-runtime.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import { hooksOf } from "../runtime/agent/support.ts";

describe("the preview of one turn", () => {
  function preview(options: Parameters<typeof createLivePreviewLifecycle<string, string>>[0] = {}) {
    const log: string[] = [];
    const step = (name: string) => async () => void log.push(name);
    const lifecycle = createLivePreviewLifecycle<string, string>({
      draft: {
        id: () => "d1",
        flush: step("flush"),
        seal: step("seal"),
        discardPending: step("discard"),
        clear: step("clear"),
      },
      onFinalStarted: () => log.push("started"),
      onFinalDelivered: () => log.push("delivered"),
      ...options,
    });
    const send = async (payload: string) => {
      log.push(`send ${payload}`);
      return { visibleReplySent: true, messageIds: ["m"] };
    };
    const finish = { buildFinalEdit: (payload: string) => payload, editFinal: step("edit") };
    return { lifecycle, log, send, finish };
  }

  it("is finished in place, once; a later final answer is sent", async () => {
    const { lifecycle, log, send, finish } = preview({ cleanupUndelivered: true });
    const deliver = () =>
      lifecycle.deliver({ kind: "final", payload: "hi", adapter: finish, deliverNormally: send });
    expect(await deliver()).toMatchObject({
      kind: "preview-finalized",
      deliveryResult: { messageIds: ["d1"], visibleReplySent: true },
    });
    expect(await deliver()).toMatchObject({
      kind: "normal-delivered",
      deliveryResult: { messageIds: ["m"] },
    });
    await lifecycle.cleanup();
    expect(log).toEqual(["started", "flush", "seal", "edit", "delivered", "send hi"]);
    expect(lifecycle).toMatchObject({ previewFinalized: true, finalDelivered: true, finalFailed: false });
  });

  it("goes when the answer is sent beside it, and when an edit says it can not be", async () => {
    const { lifecycle, log, send, finish } = preview();
    await lifecycle.deliver({ kind: "final", payload: "a", deliverNormally: send });
    expect(log).toEqual(["started", "discard", "send a", "clear", "delivered"]);
    log.length = 0;
    lifecycle.reset();
    const refusing = { ...finish, editFinal: async () => ({ visibleReplySent: false }) };
    const result = await lifecycle.deliver({
      kind: "final",
      payload: "b",
      adapter: refusing,
      deliverNormally: send,
    });
    expect(result.kind).toBe("normal-delivered");
    expect(log).toContain("send b");
    log.length = 0;
    await lifecycle.cleanup();
    expect(log).toEqual([]);
  });

  it("a failing answer is known; the preview goes unless it is to stay", async () => {
    const fail = async () => {
      throw new Error("no");
    };
    for (const retainOnError of [false, true]) {
      const { lifecycle, log } = preview({ cleanupUndelivered: true, retainOnError });
      await expect(lifecycle.deliver({ kind: "final", payload: "x", deliverNormally: fail })).rejects.toThrow(
        "no",
      );
      expect(lifecycle.finalFailed).toBe(true);
      await lifecycle.cleanup();
      expect(log.includes("clear")).toBe(!retainOnError);
    }
  });

  it("parts before the end pass it by, and what was delivered elsewhere counts", async () => {
    const { lifecycle, log, send } = preview({ cleanupUndelivered: true });
    await lifecycle.deliver({ kind: "block", payload: "b", deliverNormally: send });
    expect([log, lifecycle.finalStarted]).toEqual([["send b"], false]);
    await lifecycle.observeDelivery({ visibleReplySent: false });
    expect(lifecycle.finalDelivered).toBe(false);
    await lifecycle.observeDelivery({ visibleReplySent: true }, { isError: true });
    expect(lifecycle).toMatchObject({ finalDelivered: true, finalSucceeded: false });
    lifecycle.retainPreview();
    await lifecycle.cleanup();
    expect(log).not.toContain("clear");
  });

  it("a cleanup that fails is reported", async () => {
    const errors: unknown[] = [];
    const draft = { id: () => "d", flush: async () => {}, clear: () => Promise.reject(new Error("gone")) };
    const lifecycle = createLivePreviewLifecycle({
      draft,
      cleanupUndelivered: true,
      onCleanupFailure: (e) => errors.push(e),
    });
    await lifecycle.cleanup();
    expect(errors).toHaveLength(1);
  });
});

describe("a draft's loop", () => {
  it("sends the newest waiting value and reports what fails in the background", async () => {
    vi.useFakeTimers({ now: 100_000 });
    onTestFinished(() => void vi.useRealTimers());
    const sent: string[] = [];
    const errors: unknown[] = [];
    const loop = createDraftStreamLoop({
      throttleMs: 100,
      isStopped: () => false,
      sendOrEditStreamMessage: async (text) => {
        if (text === "bad") throw new Error("no");
        sent.push(text);
      },
      onBackgroundFlushError: (error) => errors.push(error),
    });
    loop.update("a");
    loop.update("b");
    await vi.advanceTimersByTimeAsync(100);
    loop.update("bad");
    await vi.advanceTimersByTimeAsync(200);
    expect([sent, errors.length]).toEqual([["b"], 1]);
  });
});

describe("a run queue", () => {
  it("runs one task per key at a time, tells how many run, and begins none after its end", async () => {
    const log: string[] = [];
    const status: number[] = [];
    const stop = new AbortController();
    const queue = createChannelRunQueue({
      setStatus: ({ activeRuns }) => status.push(activeRuns),
      abortSignal: stop.signal,
      onError: (error) => log.push(String(error)),
    });
    let release = () => {};
    queue.enqueue("a", () => new Promise<void>((resolve) => (release = resolve)));
    queue.enqueue("a", () => void log.push("never"));
    queue.enqueue("b", async ({ lifecycleSignal }) => {
      log.push(`b ${lifecycleSignal.aborted}`);
      throw new Error("b failed");
    });
    await expect.poll(() => log).toEqual(["b false", "Error: b failed"]);
    stop.abort();
    release();
    await expect.poll(() => status.at(-1)).toBe(0);
    expect([Math.max(...status), log.includes("never")]).toEqual([2, false]);
  });
});

describe("echoes of our own messages", () => {
  it("are known by message, or by the sender that is about to send", () => {
    const room = { channel: "chat", accountId: "work", conversationId: "room" };
    recordOutboundMessageIdentity({ ...room, messageId: "7", sourceId: "hook" });
    expect(isRecentOutboundMessageIdentity({ ...room, messageId: "7" })).toBe(true);
    expect(isRecentOutboundMessageIdentity({ ...room, messageId: "8", sourceId: "hook" })).toBe(false);
    echoRuntime.recordOutboundMessageIdentity({ ...room, sourceId: "hook" });
    expect(isRecentOutboundMessageIdentity({ ...room, messageId: "8", sourceId: "hook" })).toBe(true);
    expect(isRecentOutboundMessageIdentity({ ...room, conversationId: "other", messageId: "7" })).toBe(false);
  });

  it("are forgotten after half a minute", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const message = { channel: "chat", conversationId: "room", messageId: "9" };
    recordOutboundMessageIdentity(message);
    vi.advanceTimersByTime(30_000);
    expect(isRecentOutboundMessageIdentity(message)).toBe(false);
  });
});

describe("a message of several parts", () => {
  function host(outbound: object) {
    const runtime = {
      channel: { outbound: { loadAdapter: async () => outbound } },
    } as unknown as PluginRuntime;
    const announced = announceSdkHost(() => runtime, hooksOf());
    onTestFinished(() => void announced.dispose());
  }
  const batch = (payloads: { text?: string }[]) =>
    sendDurableMessageBatch({
      cfg: {},
      channel: "chat",
      to: "room",
      payloads,
      threadId: 5,
      deps: { token: "t" },
    });

  it("is sent in order by the channel's adapter, with what the caller knows", async () => {
    const seen: object[] = [];
    host({
      sendText: async (context: { text: string; deps: object; to: string }) => {
        seen.push({ text: context.text, deps: context.deps, to: context.to });
        return { messageId: `m${seen.length}` };
      },
    });
    const result = await batch([{ text: "a" }, { text: " " }, { text: "b" }]);
    expect(result).toMatchObject({
      status: "sent",
      receipt: { platformMessageIds: ["m1", "m2"], threadId: "5" },
    });
    expect(result.payloadOutcomes.map(({ status }) => status)).toEqual(["sent", "suppressed", "sent"]);
    expect(seen[0]).toEqual({ text: "a", deps: { token: "t" }, to: "room" });
  });

  it("says how far it came", async () => {
    host({
      sendPayload: async ({ payload }: { payload: { text: string } }) => {
        if (payload.text === "bad") throw new Error("no");
        return { messageId: "m1" };
      },
    });
    expect(await batch([{ text: "a" }, { text: "bad" }, { text: "c" }])).toMatchObject({
      status: "partial_failed",
      payloadOutcomes: [{ status: "sent" }, { status: "failed" }],
    });
    expect(await batch([{ text: "bad" }])).toMatchObject({ status: "failed", error: { message: "no" } });
    expect(await batch([{}])).toMatchObject({ status: "suppressed", reason: "no_visible_payload" });
  });

  it("needs the channel's adapter", async () => {
    const runtime = {
      channel: { outbound: { loadAdapter: async () => undefined } },
    } as unknown as PluginRuntime;
    const announced = announceSdkHost(() => runtime, hooksOf());
    onTestFinished(() => void announced.dispose());
    await expect(batch([{ text: "a" }])).rejects.toThrow('channel "chat" has no outbound adapter');
  });
});

describe("for whom and as whom a message is sent", () => {
  it("the agent's name and a picture with an address", () => {
    const cfg = {
      agents: { list: [{ id: "main", identity: { name: " Ada ", emoji: "🦉", avatar: "./a.png" } }] },
    };
    expect(resolveAgentOutboundIdentity(cfg, "main")).toEqual({ name: "Ada", emoji: "🦉" });
    expect(resolveAgentOutboundIdentity({}, "main")).toBeUndefined();
  });

  it("the session and its agent", () => {
    expect(buildOutboundSessionContext({ sessionKey: "agent:ada:main", requesterAccountId: "work" })).toEqual(
      {
        key: "agent:ada:main",
        agentId: "ada",
        requesterAccountId: "work",
      },
    );
    expect(buildOutboundSessionContext({ sessionKey: " ", agentId: null })).toBeUndefined();
  });

  it("the receipt of a former preview names it", () => {
    expect(createPreviewMessageReceipt({ id: 7, threadId: "t" })).toMatchObject({
      platformMessageIds: ["7"],
      parts: [{ kind: "preview", threadId: "t" }],
    });
  });

  it("a cut answer is completed from the transcript only when that goes on where it stops", async () => {
    const whole = "The whole long answer";
    const resolve = (finalText: string, candidate?: string, payload = {}) =>
      resolveTranscriptBackedChannelFinalText({ finalText, payload, resolveCandidateText: () => candidate });
    expect(await resolve("The whole…", whole)).toBe(whole);
    expect(await resolve("The whole...", whole)).toBe(whole);
    expect(await resolve("Another…", whole)).toBe("Another…");
    expect(await resolve("The whole", whole)).toBe("The whole");
    expect(await resolve("The whole…", whole, { isError: true })).toBe("The whole…");
    expect(await resolve("The whole…")).toBe("The whole…");
  });
});

describe("how an account wants to see work", () => {
  const entry = {
    streaming: {
      nativeTransport: false,
      progress: { label: "Busy", maxLines: 1, maxLineChars: 12, commandText: "status", narration: true },
    },
  };

  it("is read from its streaming settings", () => {
    expect(getChannelStreamingConfigObject({ streaming: "partial" })).toBeUndefined();
    expect(resolveChannelStreamingNativeTransport(entry)).toBe(false);
    expect(resolveChannelStreamingNativeTransport({})).toBeUndefined();
    expect([entry, {}].map(resolveChannelStreamingPreviewCommandText)).toEqual(["status", "raw"]);
    expect([entry, {}].map(resolveChannelStreamingProgressNarration)).toEqual([true, false]);
    expect(resolveChannelProgressDraftConfig(entry)["label"]).toBe("Busy");
    expect([entry, {}].map((each) => resolveChannelProgressDraftMaxLineChars(each))).toEqual([12, 160]);
    const suppress = (draftStreamActive: boolean) =>
      resolveChannelStreamingSuppressDefaultToolProgressMessages(entry, {
        draftStreamActive,
        mode: "progress",
      });
    expect([suppress(true), suppress(false)]).toEqual([true, false]);
  });

  it("a preview grows in pieces below the platform's limit", () => {
    const cfg = {
      channels: { chat: { draftChunk: { minChars: 10, maxChars: 5_000, breakPreference: "newline" } } },
    };
    expect(resolveChannelDraftStreamingChunking(cfg, "chat", null, { fallbackLimit: 2_000 })).toEqual({
      minChars: 10,
      maxChars: 2_000,
      breakPreference: "newline",
    });
    expect(resolveChannelDraftStreamingChunking({}, "chat", "work", { fallbackLimit: 100 })).toEqual({
      minChars: 100,
      maxChars: 100,
      breakPreference: "paragraph",
    });
  });

  it("is a headline, the plan, the last lines and the changes", () => {
    const plan = [
      { step: "read it all", status: "completed" },
      { step: "write", status: "in_progress" },
    ];
    const text = formatChannelProgressDraftText({
      entry,
      lines: ["one", "two is longer"],
      plan,
      diffStat: { added: 2, removed: 1 },
    });
    expect(text).toBe(
      ["Busy", "[x] read it", "[>] write", "two is longe", "+2 −1"]
        .join("\n")
        .replace("read it\n", "read it \n"),
    );
    expect(formatChannelProgressDraftDiffStat({ added: 0, removed: 0 })).toBeUndefined();
    expect(formatPlanChecklistLines([{ step: "a" }, { step: "b" }, { step: "c" }], { maxLines: 2 })).toEqual([
      "[ ] a",
      "… 2 more",
    ]);
    expect(formatChannelProgressDraftLineForEntry({}, { event: "tool", name: "exec", command: "ls" })).toBe(
      "exec: ls",
    );
    const quiet = { streaming: { preview: { toolProgress: false } } };
    expect(formatChannelProgressDraftLineForEntry(quiet, { event: "tool", name: "exec" })).toBeUndefined();
  });

  it("counts work, but not the agent's words", () => {
    let now = 0;
    const counter = createChannelProgressWorkCounter({ now: () => now });
    for (const name of ["exec", "message", "", undefined]) counter.noteToolCall(name);
    counter.noteItem({ phase: "start", kind: "tool" });
    counter.noteItem({ phase: "start", kind: "preamble" });
    counter.noteItem({ phase: "end", kind: "tool" });
    now = 2_600;
    expect([counter.toolCalls, counter.elapsedSeconds]).toEqual([2, 3]);
    counter.reset();
    expect([counter.toolCalls, counter.elapsedSeconds]).toEqual([0, 1]);
    expect(isChannelProgressDraftWorkToolName("React")).toBe(false);
  });

  it("a typing failure is one line", () => {
    const lines: string[] = [];
    logTypingFailure({
      log: (line) => lines.push(line),
      channel: "chat",
      action: "start",
      error: new Error("x"),
    });
    expect(lines).toEqual(["chat typing action=start failed: Error: x"]);
  });
});
