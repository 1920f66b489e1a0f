import { describe, expect, it } from "vitest";
import { buildAgentMediaPayload } from "../../src/plugin-sdk/agent-media-payload.ts";
import {
  resolveChannelDmAllowFrom,
  resolveChannelDmPolicy,
} from "../../src/plugin-sdk/channel-config-helpers.ts";
import { dispatchChannelInboundReply } from "../../src/plugin-sdk/channel-inbound.ts";
import {
  createChannelProgressDraftGate,
  mergeChannelProgressDraftLine,
  normalizeChannelProgressDraftLineIdentity,
  resolveChannelProgressDraftMaxLines,
} from "../../src/plugin-sdk/channel-outbound.ts";
import { createRawChannelSendResultAdapter } from "../../src/plugin-sdk/channel-send-result.ts";
import {
  formatThreadBindingDisabledError,
  formatThreadBindingSpawnDisabledError,
} from "../../src/plugin-sdk/conversation-runtime.ts";
import { resolveGlobalDedupeCache } from "../../src/plugin-sdk/dedupe-runtime.ts";
import { runStoppablePassiveMonitor } from "../../src/plugin-sdk/extension-shared.ts";
import { createConnectedChannelStatusPatch } from "../../src/plugin-sdk/gateway-runtime.ts";
import { resolveInboundRouteEnvelopeBuilderWithRuntime } from "../../src/plugin-sdk/inbound-envelope.ts";
import {
  interactiveReplyToPresentation,
  normalizeInteractiveReply,
  reduceInteractiveReply,
  resolveInteractiveTextFallback,
} from "../../src/plugin-sdk/interactive-runtime.ts";
import { parseTcpPort } from "../../src/plugin-sdk/number-runtime.ts";
import { buildMediaPayload } from "../../src/plugin-sdk/reply-payload.ts";
import { createLegacyCompatChannelDmPolicy } from "../../src/plugin-sdk/setup-runtime.ts";
import { ssrfPolicyFromAllowPrivateNetwork } from "../../src/plugin-sdk/ssrf-runtime.ts";
import { asString } from "../../src/plugin-sdk/status-helpers.ts";

// Names that releases of the official channels from the summer of 2026 use, and later ones do not.

describe("sending with results that say whether it worked", () => {
  const adapter = (result: { ok: boolean; messageId?: string; error?: string }) =>
    createRawChannelSendResultAdapter({ channel: "zap", sendText: async () => result });

  it("gives the id of what was sent, with the channel's name", async () => {
    expect(await adapter({ ok: true, messageId: "m1" }).sendText?.({} as never)).toMatchObject({
      channel: "zap",
      messageId: "m1",
    });
  });

  it("throws what was not sent, so that it does not count as delivered", async () => {
    await expect(adapter({ ok: false, error: "no such chat" }).sendText?.({} as never)).rejects.toThrow(
      "no such chat",
    );
    await expect(adapter({ ok: false }).sendText?.({} as never)).rejects.toThrow(
      "zap did not take the message",
    );
  });

  it("offers only what the channel can send", () => {
    expect(Object.keys(adapter({ ok: true }))).toEqual(["sendText"]);
  });
});

describe("accounts", () => {
  it("run until they are stopped, then stop what they started", async () => {
    const stopped: string[] = [];
    const account = new AbortController();
    const running = runStoppablePassiveMonitor({
      abortSignal: account.signal,
      start: async () => ({ stop: () => void stopped.push("monitor") }),
    });
    expect(stopped).toEqual([]);
    account.abort();
    await running;
    expect(stopped).toEqual(["monitor"]);
  });

  it("say when they connected", () => {
    expect(createConnectedChannelStatusPatch(5)).toEqual({
      connected: true,
      lastConnectedAt: 5,
      lastEventAt: 5,
    });
    expect([asString(" a "), asString(""), asString(1)]).toEqual(["a", undefined, undefined]);
    expect(ssrfPolicyFromAllowPrivateNetwork(true)).toEqual({ allowPrivateNetwork: true });
    expect(ssrfPolicyFromAllowPrivateNetwork(false)).toBeUndefined();
  });
});

describe("direct messages", () => {
  it("have the policy of the account, else of the channel, in the newer or the older place", () => {
    const parent = { dm: { policy: "open", allowFrom: ["*"] } };
    expect(resolveChannelDmPolicy({ account: { dmPolicy: "allowlist" }, parent })).toBe("allowlist");
    expect(resolveChannelDmPolicy({ account: {}, parent, defaultPolicy: "pairing" })).toBe("open");
    expect(resolveChannelDmPolicy({ defaultPolicy: "pairing" })).toBe("pairing");
    expect(resolveChannelDmAllowFrom({ account: { allowFrom: [7] }, parent })).toEqual([7]);
    expect(resolveChannelDmAllowFrom({ parent })).toEqual(["*"]);
    expect(resolveChannelDmAllowFrom({})).toBeUndefined();
  });

  it("are asked about by the wizard, which reads the older place and writes the newer one", () => {
    const policy = createLegacyCompatChannelDmPolicy({ label: "Zap", channel: "zap" });
    const older = { channels: { zap: { dm: { policy: "allowlist", allowFrom: ["ann"] } } } };
    expect(policy).toMatchObject({
      policyKey: "channels.zap.dmPolicy",
      allowFromKey: "channels.zap.allowFrom",
    });
    expect(policy.resolveConfigKeys(older, "work").policyKey).toBe("channels.zap.accounts.work.dmPolicy");
    expect([policy.getCurrent(older), policy.getCurrent({})]).toEqual(["allowlist", "pairing"]);
    expect(policy.setPolicy(older, "open")).toMatchObject({
      channels: { zap: { dmPolicy: "open", allowFrom: ["ann", "*"] } },
    });
    expect(policy.getCurrent(policy.setPolicy(older, "disabled"))).toBe("disabled");
  });
});

describe("messages that come in", () => {
  it("get the route and the envelope of the runtime they are handed", () => {
    const { route, buildEnvelope } = resolveInboundRouteEnvelopeBuilderWithRuntime({
      cfg: {},
      channel: "zap",
      accountId: "default",
      peer: { kind: "direct", id: "ann" },
      runtime: {
        routing: {
          resolveAgentRoute: ({ peer }) => ({
            agentId: "main",
            sessionKey: `agent:main:${peer?.id}`,
            more: 1,
          }),
        },
        session: {
          resolveStorePath: (_store, { agentId }) => `/store/${agentId}`,
          readSessionUpdatedAt: ({ storePath, sessionKey }) => `${storePath} ${sessionKey}`.length,
        },
        reply: {
          resolveEnvelopeFormatOptions: () => "options",
          formatAgentEnvelope: ({ envelope, from, previousTimestamp, body }) =>
            `[${envelope} ${from} ${previousTimestamp}] ${body}`,
        },
      },
    });
    expect(route).toEqual({ agentId: "main", sessionKey: "agent:main:ann", more: 1 });
    expect(buildEnvelope({ channel: "Zap", from: "Ann", body: "hi" })).toEqual({
      storePath: "/store/main",
      body: "[options Ann 26] hi",
    });
  });

  it("need a gateway to be answered", async () => {
    await expect(dispatchChannelInboundReply({})).rejects.toThrow("needs a running gateway");
  });

  it("carry their files as parallel fields", () => {
    const files = [{ path: "/a.png", contentType: "image/png" }, { path: "/b" }];
    expect(buildAgentMediaPayload(files)).toEqual({
      MediaPath: "/a.png",
      MediaPaths: ["/a.png", "/b"],
      MediaUrl: "/a.png",
      MediaUrls: ["/a.png", "/b"],
      MediaType: "image/png",
      MediaTypes: ["image/png"],
    });
    expect(buildMediaPayload(files, { preserveMediaTypeCardinality: true }).MediaTypes).toEqual([
      "image/png",
      "",
    ]);
    expect(buildAgentMediaPayload([])).toEqual({});
  });

  it("are seen once by every copy of a module", () => {
    const key = Symbol.for("test.older-releases");
    resolveGlobalDedupeCache(key, { ttlMs: 1_000, maxSize: 10 }).check("m1");
    expect(resolveGlobalDedupeCache(key, { ttlMs: 1_000, maxSize: 10 }).peek("m1")).toBe(true);
    Reflect.deleteProperty(globalThis, key);
  });
});

describe("rich replies in their older form", () => {
  const reply = normalizeInteractiveReply({
    blocks: [
      { type: "text", text: "Which?" },
      { type: "buttons", buttons: [{ label: "One", value: "1" }] },
    ],
  });

  it("are folded, shown and said", () => {
    expect(reduceInteractiveReply(reply, "", (all, { type }, index) => `${all}${index}${type} `)).toBe(
      "0text 1buttons ",
    );
    expect(reduceInteractiveReply(undefined, "none", () => "some")).toBe("none");
    expect(reply && interactiveReplyToPresentation(reply)).toMatchObject({
      blocks: [{ type: "text" }, { type: "buttons" }],
    });
    expect(resolveInteractiveTextFallback({ interactive: reply })).toContain("Which?");
  });
});

describe("threads that are not bound", () => {
  it("name the setting that would let them be", () => {
    expect(formatThreadBindingDisabledError({ channel: "zap", accountId: "work", kind: "acp" })).toContain(
      "channels.zap.accounts.work.threadBindings.enabled",
    );
    expect(formatThreadBindingSpawnDisabledError({ channel: "zap", kind: "subagent" })).toContain(
      "channels.zap.threadBindings.spawnSubagentSessions",
    );
  });
});

describe("a message about progress", () => {
  function gate(initialDelayMs?: number) {
    const waiting: (() => void)[] = [];
    const starts: string[] = [];
    const made = createChannelProgressDraftGate({
      onStart: () => void starts.push("start"),
      setTimeoutFn: ((run: () => void) => waiting.push(run)) as unknown as typeof setTimeout,
      clearTimeoutFn: (() => waiting.splice(0)) as unknown as typeof clearTimeout,
      ...(initialDelayMs === undefined ? {} : { initialDelayMs }),
    });
    return { made, waiting, starts };
  }

  it("starts with the second sign of work, once", async () => {
    const { made, waiting, starts } = gate();
    expect(await made.noteWork()).toBe(false);
    expect(waiting).toHaveLength(1);
    expect(await made.noteWork()).toBe(true);
    expect([waiting.length, await made.noteWork(), made.workEvents, starts]).toEqual([0, true, 3, ["start"]]);
  });

  it("starts when the first sign of work is a while ago, and never once it was cancelled", async () => {
    const late = gate();
    await late.made.noteWork();
    late.waiting[0]?.();
    await late.made.startNow();
    expect(late.starts).toEqual(["start"]);
    const cancelled = gate();
    await cancelled.made.noteWork();
    cancelled.made.cancel();
    await cancelled.made.startNow();
    expect([await cancelled.made.noteWork(), cancelled.made.hasStarted, cancelled.starts]).toEqual([
      false,
      false,
      [],
    ]);
    const patient = gate(-1);
    await patient.made.noteWork();
    expect(patient.waiting).toEqual([]);
  });

  it("tries again after a start that failed", async () => {
    let failures = 1;
    const made = createChannelProgressDraftGate({
      initialDelayMs: -1,
      onStart: () => {
        if (failures-- > 0) throw new Error("offline");
      },
    });
    await made.noteWork();
    await expect(made.noteWork()).rejects.toThrow("offline");
    expect(made.hasStarted).toBe(false);
    expect(await made.noteWork()).toBe(true);
  });

  it("shows each line once, the last ones, and a step in its newest form", () => {
    const merge = (lines: { id?: string; text: string }[], line: { id?: string; text: string }) =>
      mergeChannelProgressDraftLine(lines, line, { maxLines: 2 });
    const one = [{ id: "1", text: "run `ls`" }];
    expect(normalizeChannelProgressDraftLineIdentity("  run  `ls` ")).toBe("run ls");
    expect(merge(one, { id: "1", text: "run ls" })).toBe(one);
    expect(merge(one, { text: " " })).toBe(one);
    expect(merge(one, { id: "1", text: "ran" })).toEqual([{ id: "1", text: "ran" }]);
    expect(merge([...one, { text: "b" }], { text: "c" })).toEqual([{ text: "b" }, { text: "c" }]);
    expect(mergeChannelProgressDraftLine(["a"], "a", { maxLines: 5 })).toEqual(["a"]);
    expect(resolveChannelProgressDraftMaxLines({ streaming: { progress: { maxLines: 3 } } })).toBe(3);
    expect(resolveChannelProgressDraftMaxLines(undefined)).toBe(8);
  });
});

it("a port is a whole number up to 65535", () => {
  expect(["18789", 1, 65_535].map(parseTcpPort)).toEqual([18_789, 1, 65_535]);
  expect([0, "65536", -1, "80a", undefined].map(parseTcpPort)).toEqual(Array(5).fill(undefined));
});
