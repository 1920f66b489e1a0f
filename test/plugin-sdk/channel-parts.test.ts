import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createResolvedApproverActionAuthAdapter,
  isImplicitSameChatApprovalAuthorization,
  markImplicitSameChatApprovalAuthorization,
} from "../../src/plugin-sdk/approval-auth-runtime.ts";
import { resolveApprovalRequestChannelAccountId } from "../../src/plugin-sdk/approval-native-runtime.ts";
import {
  buildApprovalReactionHint,
  normalizeApprovalReactionDecision,
} from "../../src/plugin-sdk/approval-reaction-runtime.ts";
import {
  buildTypedExecApprovalPendingReplyPayload,
  buildTypedPluginApprovalPendingReplyPayload,
} from "../../src/plugin-sdk/approval-reply-runtime.ts";
import {
  formatApprovalDecisionLabel,
  resolveExecApprovalCommandDisplay,
  resolveExecApprovalRequestAllowedDecisions,
} from "../../src/plugin-sdk/approval-runtime.ts";
import { reportChannelRoomJoin } from "../../src/plugin-sdk/channel-join-intro-runtime.ts";
import {
  deriveDurableFinalDeliveryRequirements,
  normalizeAgentPlanSteps,
} from "../../src/plugin-sdk/channel-outbound.ts";
import { resolveNestedAllowlistDecision } from "../../src/plugin-sdk/channel-targets.ts";
import { resolveRuntimeServiceVersion, VERSION } from "../../src/plugin-sdk/cli-runtime.ts";
import { asPositiveFiniteNumber, formatByteSize } from "../../src/plugin-sdk/number-runtime.ts";
import { resolveDefaultSecretProviderAlias } from "../../src/plugin-sdk/provider-auth.ts";
import { readProviderJsonArrayFieldResponse } from "../../src/plugin-sdk/provider-http.ts";
import { isoToPerplexityDate, throwWebSearchApiError } from "../../src/plugin-sdk/provider-web-search.ts";
import { evictOldHistoryKeys, MAX_HISTORY_KEYS } from "../../src/plugin-sdk/reply-history.ts";
import { compileSafeRegexDetailed } from "../../src/plugin-sdk/security-runtime.ts";
import { resolveSendPolicy } from "../../src/plugin-sdk/session-store-runtime.ts";
import {
  formatResolvedUnresolvedNote,
  moveSingleAccountChannelSectionToDefaultAccount,
} from "../../src/plugin-sdk/setup.ts";
import { isHttpsUrlAllowedByHostnameSuffixAllowlist } from "../../src/plugin-sdk/ssrf-policy.ts";
import { standardNotConfiguredIssue } from "../../src/plugin-sdk/status-helpers.ts";
import { chunkTextRanges } from "../../src/plugin-sdk/text-chunking.ts";
import { lowercasePreservingWhitespace } from "../../src/plugin-sdk/text-runtime.ts";
import { pluginBench } from "./support.ts";

describe("cutting a text whose styles refer to positions", () => {
  const pieces = (text: string, limit: number, mode?: "hard" | "preferred") =>
    chunkTextRanges(text, { limit, ...(mode ? { mode } : {}) }).map(({ start, end }) =>
      text.slice(start, end),
    );

  it("[F001] prefers blank lines, then line breaks, then white space", () => {
    expect(pieces("one two", 5, "preferred")).toEqual(["one ", "two"]);
    expect(pieces("a b\nc d", 6, "preferred")).toEqual(["a b\n", "c d"]);
    expect(pieces("a\n \nb\nc d", 8, "preferred")).toEqual(["a\n \n", "b\nc d"]);
    expect(pieces("abcdef", 4, "preferred")).toEqual(["abcd", "ef"]);
    expect(pieces("one two", 5)).toEqual(["one t", "wo"]);
    expect(pieces("one two", 0)).toEqual(["one two"]);
    expect(pieces("", 5)).toEqual([]);
  });

  it("drops nothing, keeps to the limit and leaves pairs whole", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", " ", "\n", "\t", "😀") }),
        fc.integer({ min: 2, max: 9 }),
        fc.constantFrom("hard" as const, "preferred" as const),
        (text, limit, mode) => {
          const parts = pieces(text, limit, mode);
          expect(parts.join("")).toBe(text);
          for (const part of parts) {
            expect(part.length).toBeGreaterThan(0);
            expect(part.length).toBeLessThanOrEqual(limit);
            expect(part).not.toMatch(/[\ud800-\udfff]/u);
          }
        },
      ),
    );
  });
});

describe("approvals for channels that draw them", () => {
  it("[F001] tell a permission of everybody in the chat from one of an approver", () => {
    const permission = markImplicitSameChatApprovalAuthorization({ authorized: true });
    expect(isImplicitSameChatApprovalAuthorization(permission)).toBe(true);
    expect(isImplicitSameChatApprovalAuthorization({ authorized: true })).toBe(false);
    expect(isImplicitSameChatApprovalAuthorization(null)).toBe(false);
    const auth = (approvers: string[]) =>
      createResolvedApproverActionAuthAdapter({ channelLabel: "Memo", resolveApprovers: () => approvers });
    const ask = (approvers: string[]) => auth(approvers).authorizeActorAction({ cfg: {}, senderId: "ann" });
    expect(isImplicitSameChatApprovalAuthorization(ask([]))).toBe(true);
    expect(ask(["ann"])).toEqual({ authorized: true });
    expect(isImplicitSameChatApprovalAuthorization(ask(["ann"]))).toBe(false);
  });

  it("[F001] say which account they were asked from, by the turn or by its session", async () => {
    const account = (request: Record<string, unknown>) =>
      resolveApprovalRequestChannelAccountId({ request: { id: "1", request }, channel: "memo" });
    expect(account({ turnSourceChannel: "Memo", turnSourceAccountId: "Work" })).toBe("work");
    expect(account({ turnSourceChannel: "other", turnSourceAccountId: "work" })).toBeNull();
    expect(account({ sessionKey: "agent:main:memo:direct:ann" })).toBeNull();
    const bench = await pluginBench();
    const found = await bench.run(`
      const { patchSessionEntry } = await sdk("session-store-runtime");
      const { resolveApprovalRequestChannelAccountId: of } = await sdk("approval-native-runtime");
      const sessionKey = "agent:main:memo:direct:ann";
      await patchSessionEntry({
        sessionKey,
        fallbackEntry: { sessionId: "s", updatedAt: 1 },
        update: () => ({ lastChannel: "memo", lastAccountId: "work" }),
      });
      const request = { id: "1", request: { sessionKey } };
      return [of({ request, channel: "memo" }), of({ request, channel: "other" })];`);
    expect(found).toEqual(["work", null]);
  });

  it("[F001] say what is asked and how it is answered", () => {
    expect(resolveExecApprovalCommandDisplay({ command: "ls -l" })).toEqual({
      commandText: "ls -l",
      commandPreview: null,
    });
    expect(
      resolveExecApprovalCommandDisplay({
        command: "x",
        host: "node",
        systemRunPlan: { commandText: "rm a", commandPreview: "rm" },
      }),
    ).toEqual({ commandText: "rm a", commandPreview: "rm" });
    expect(resolveExecApprovalRequestAllowedDecisions({ allowedDecisions: ["deny"] })).toEqual(["deny"]);
    expect(resolveExecApprovalRequestAllowedDecisions({})).toHaveLength(3);
    const exec = buildTypedExecApprovalPendingReplyPayload({
      approvalId: "a1",
      approvalSlug: "a1",
      command: "ls",
      host: "gateway",
      allowedDecisions: ["allow-once", "deny"],
    });
    expect(exec.text).toContain("/approve a1 allow-once|deny");
    const request = { id: "plugin:1", request: { title: "Pay?" } };
    expect(buildTypedPluginApprovalPendingReplyPayload({ request, nowMs: 0 }).text).toContain("Pay?");
    expect(buildApprovalReactionHint({ allowedDecisions: ["deny"] })).toContain("Deny");
    expect(buildApprovalReactionHint({ allowedDecisions: [] })).toBeNull();
    expect(["Allow-Once", "always", "allow", "perhaps", null].map(normalizeApprovalReactionDecision)).toEqual(
      ["allow-once", "allow-always", "allow-once", null, null],
    );
  });
});

describe("setting up a second account", () => {
  const move = (memo: object, setupSurface = {}) =>
    (
      moveSingleAccountChannelSectionToDefaultAccount({
        cfg: { channels: { memo, other: { token: "x" } } } as never,
        channelKey: "memo",
        setupSurface,
      }) as { channels: Record<string, unknown> }
    ).channels["memo"];

  it("[F001] moves what belongs to the first one and leaves what they share", () => {
    expect(move({ enabled: true, token: "t", allowFrom: ["ann"], streaming: "off" })).toEqual({
      enabled: true,
      streaming: "off",
      accounts: { default: { token: "t", allowFrom: ["ann"] } },
    });
    expect(move({ workspace: "w" }, { singleAccountKeysToMove: ["workspace"] })).toEqual({
      accounts: { default: { workspace: "w" } },
    });
  });

  it("with accounts there, gives the rest to the default one, whose own settings stay", () => {
    const accounts = { Work: { token: "own" } };
    expect(move({ token: "root", url: "u", accounts })).toEqual({
      accounts: { Work: { token: "own", url: "u" } },
    });
    expect(move({ url: "u", defaultAccount: "none", accounts })).toEqual({
      defaultAccount: "none",
      accounts: { ...accounts, default: { url: "u" } },
    });
    expect(move({ url: "u", accounts }, { resolveSingleAccountPromotionTarget: () => "Home" })).toEqual({
      accounts: { ...accounts, home: { url: "u" } },
    });
    const untouched = { streaming: "off", accounts };
    expect(move(untouched)).toBe(untouched);
    expect(move({ token: "t", url: "u", accounts }, { namedAccountPromotionKeys: ["url"] })).toEqual({
      token: "t",
      accounts: { Work: { token: "own", url: "u" } },
    });
  });

  it("says which of the typed names were found", () => {
    expect(formatResolvedUnresolvedNote({ resolved: ["a", "b"], unresolved: ["c"] })).toBe(
      "Found: a, b\nNot found, kept as typed: c",
    );
    expect(formatResolvedUnresolvedNote({ resolved: [], unresolved: [] })).toBeUndefined();
  });
});

describe("an account that was brought into a room", () => {
  it("[F001] hears what becomes of an introduction, so that the platform's event is done with", async () => {
    const join = (memo: object, roomAllowed = true, accountId?: string) =>
      reportChannelRoomJoin({
        cfg: { channels: { memo } } as never,
        channel: "memo",
        conversationId: "room",
        roomAllowed,
        ...(accountId ? { accountId } : {}),
      });
    expect(await join({ joinIntro: false })).toEqual({ kind: "skipped", reason: "disabled" });
    const accounts = { Work: { joinIntro: false } };
    expect(await join({ joinIntro: true, accounts }, true, "work")).toMatchObject({ reason: "disabled" });
    expect(await join({}, false)).toEqual({ kind: "skipped", reason: "room-not-allowed" });
    expect(await join({ accounts }, true, "other")).toMatchObject({ kind: "failed" });
  });
});

describe("answers of a channel", () => {
  it("[F001] need what the payload holds and the caller wants", () => {
    const payload = { mediaUrl: " ", mediaUrls: ["https://a.invalid/x"] };
    expect(deriveDurableFinalDeliveryRequirements({ payload, threadId: 0, silent: false })).toEqual({
      text: true,
      media: true,
      thread: true,
      messageSendingHooks: true,
    });
    expect(
      deriveDurableFinalDeliveryRequirements({
        payload: { replyToId: "m" },
        messageSendingHooks: false,
        reconcileUnknownSend: true,
        extraCapabilities: { poll: true, silent: undefined },
      }),
    ).toEqual({ text: true, replyTo: true, reconcileUnknownSend: true, poll: true });
  });

  it("[F001] are held back by the session, else by the rules", () => {
    const rules = [{ action: "deny", match: { channel: "memo", chatType: "group" } }];
    const cfg = { session: { sendPolicy: { rules } } } as never;
    const ask = (more: object) => resolveSendPolicy({ cfg, sessionKey: "k", ...more });
    expect(ask({ channel: "memo", chatType: "group" })).toBe("deny");
    expect(ask({ channel: "memo", chatType: "group", entry: { sendPolicy: "allow" } })).toBe("allow");
    expect(ask({ entry: { channel: "memo", chatType: "group" } })).toBe("deny");
    expect(ask({ channel: "memo", chatType: "direct" })).toBe("allow");
  });

  it("forget conversations beyond a number", () => {
    const history = new Map(Array.from({ length: MAX_HISTORY_KEYS + 1 }, (_, at) => [`c${at}`, [at]]));
    evictOldHistoryKeys(history);
    expect(history.size).toBe(MAX_HISTORY_KEYS);
    expect(history.has("c0")).toBe(false);
    evictOldHistoryKeys(history, 1);
    expect([...history.keys()]).toEqual([`c${MAX_HISTORY_KEYS}`]);
  });

  it("report an account that is not configured", () => {
    const account = { channel: "memo", accountId: "work" };
    expect(standardNotConfiguredIssue({ ...account, message: "no session", fix: "log in" })).toEqual({
      ...account,
      kind: "config",
      message: "no session",
      fix: "log in",
    });
    expect(standardNotConfiguredIssue(account).fix).toContain("channels.memo");
  });
});

describe("lists that let in", () => {
  it("[F001] count inside of what an outer list let in", () => {
    const decide = (...[outerConfigured, outerMatched, innerConfigured, innerMatched]: boolean[]) =>
      resolveNestedAllowlistDecision({
        outerConfigured: outerConfigured === true,
        outerMatched: outerMatched === true,
        innerConfigured: innerConfigured === true,
        innerMatched: innerMatched === true,
      });
    expect(decide(false, false, true, false)).toBe(true);
    expect(decide(true, false, false, true)).toBe(false);
    expect(decide(true, true, false, false)).toBe(true);
    expect(decide(true, true, true, false)).toBe(false);
    expect(decide(true, true, true, true)).toBe(true);
  });

  it("[F001] name hosts that get a credential, over https only", () => {
    const allows = (url: string, list = ["graph.invalid"]) =>
      isHttpsUrlAllowedByHostnameSuffixAllowlist(url, list);
    expect(allows("https://graph.invalid/x")).toBe(true);
    expect(allows("https://eu.GRAPH.invalid/x")).toBe(true);
    expect(allows("https://evilgraph.invalid/x")).toBe(false);
    expect(allows("http://graph.invalid/x")).toBe(false);
    expect(allows("https://graph.invalid@evil.invalid/x")).toBe(false);
    expect(allows("nonsense")).toBe(false);
    expect(allows("https://any.invalid", ["*"])).toBe(true);
    expect(allows("https://any.invalid", [])).toBe(false);
  });
});

describe("small values", () => {
  it("[F001] are steps of a plan, labels and lists in answers", async () => {
    expect(
      normalizeAgentPlanSteps([
        " look ",
        { step: "do", status: "completed" },
        { text: "x", status: "odd" },
        1,
        "",
      ]),
    ).toEqual([
      { step: "look", status: "pending" },
      { step: "do", status: "completed" },
      { step: "x", status: "pending" },
    ]);
    expect(normalizeAgentPlanSteps("none")).toBeUndefined();
    expect(formatApprovalDecisionLabel("allow-once")).toBe("Allowed once");
    const answer = () => new Response('{"value":[1,2],"next":"x"}');
    expect(await readProviderJsonArrayFieldResponse(answer(), "Graph", "value")).toEqual([1, 2]);
    await expect(readProviderJsonArrayFieldResponse(answer(), "Graph", "next")).rejects.toThrow('"next"');
  });

  it("[F001] are sizes for people", () => {
    expect(formatByteSize(0)).toBe("0 B");
    expect(formatByteSize(1_536)).toBe("1.5 KB");
    expect(formatByteSize(1_023)).toBe("1023 B");
    expect(formatByteSize(3 * 1_024 ** 4, { maxUnit: "giga", separator: "" })).toBe("3072.0GB");
    expect(formatByteSize(1_500, { style: "decimal", fractionDigits: 2 })).toBe("1.50 kB");
    expect(formatByteSize(2_048, { style: "iec", fractionDigits: () => null })).toBe("2 KiB");
    expect([1.5, "2", 0, -1, Number.NaN].map(asPositiveFiniteNumber)).toEqual([
      1.5,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("[F001] are expressions that end in reasonable time", () => {
    const compiled = compileSafeRegexDetailed(" @bot\\b ", "i");
    expect(compiled).toMatchObject({ source: "@bot\\b", flags: "i", reason: null });
    expect(compiled.regex?.test("hi @BOT")).toBe(true);
    expect(compileSafeRegexDetailed("(a+)+$")).toMatchObject({
      regex: null,
      reason: "unsafe-nested-repetition",
    });
    expect(compileSafeRegexDetailed("(")).toMatchObject({ regex: null, reason: "invalid-regex" });
    expect(compileSafeRegexDetailed("a", "q")).toMatchObject({ regex: null, reason: "invalid-regex" });
    expect(compileSafeRegexDetailed("  ")).toMatchObject({ regex: null, reason: "empty" });
  });

  it("are dates, aliases and versions", () => {
    expect(isoToPerplexityDate("2026-01-31")).toBe("1/31/2026");
    expect(isoToPerplexityDate("2026-02-31")).toBeUndefined();
    expect(resolveDefaultSecretProviderAlias({ secrets: { defaults: { env: "vault" } } }, "env")).toBe(
      "vault",
    );
    expect(resolveDefaultSecretProviderAlias({}, "env")).toBe("default");
    expect(resolveRuntimeServiceVersion()).toBe(VERSION);
    expect(lowercasePreservingWhitespace(" A b ")).toBe(" a b ");
  });

  it("[F001] are a search service's refusal, without its key", async () => {
    const answer = () => new Response('{"error":{"message":"bad key pk-12345"}}', { status: 401 });
    const headers = { authorization: "Bearer pk-12345" };
    await expect(throwWebSearchApiError(answer(), "Search", { headers })).rejects.toMatchObject({
      status: 401,
      message: expect.not.stringContaining("pk-12345"),
    });
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(throwWebSearchApiError(answer(), "Search", { signal })).rejects.toThrow("too late");
  });
});
