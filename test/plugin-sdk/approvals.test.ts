import { describe, expect, it } from "vitest";
import {
  getExecApprovalReplyMetadata,
  isChannelExecApprovalTargetRecipient,
} from "../../src/plugin-sdk/approval-client-runtime.ts";
import {
  buildChannelApprovalExpiredText,
  buildChannelApprovalResolvedText,
  resolvePreparedApprovalAccountId,
} from "../../src/plugin-sdk/approval-handler-runtime.ts";
import {
  doesApprovalRequestSelectChannelAccount,
  resolveApprovalKind,
  resolveApprovalRequestSessionConversation,
  shouldSuppressLocalNativeExecApprovalPrompt,
} from "../../src/plugin-sdk/approval-native-runtime.ts";
import {
  addApprovalReactionHintToText,
  approvalReactionDecisionSetsMatch,
  buildApprovalReactionDeliveredBindingMarker,
  buildApprovalReactionPendingContent,
  buildApprovalReactionPendingContentForRequest,
  buildApprovalReactionPromptPayloadForRequest,
  createApprovalReactionTargetStore,
  hasApprovalReactionHintText,
  listApprovalReactionBindings,
  readApprovalReactionDecisionList,
  readApprovalReactionDeliveredBinding,
  readApprovalReactionPresentationBinding,
  readApprovalReactionTargetRecord,
  resolveTypedApprovalReactionTarget,
  settleApprovalReaction,
} from "../../src/plugin-sdk/approval-reaction-runtime.ts";
import { buildApprovalResolutionRef } from "../../src/plugin-sdk/approval-reference-runtime.ts";
import {
  buildApprovalPresentationFromActionDescriptors,
  buildExecApprovalPendingReplyPayload,
  buildPluginApprovalPendingReplyPayload,
  buildTypedApprovalPresentation,
  parseExecApprovalCommandText,
} from "../../src/plugin-sdk/approval-reply-runtime.ts";
import {
  buildApprovalPendingReplyPayload,
  buildPluginApprovalResolvedReplyPayload,
  formatChannelApprovalResolvedLabel,
} from "../../src/plugin-sdk/approval-runtime.ts";

const REQUEST = {
  id: "plugin:1",
  request: {
    title: "Pay?",
    description: "Pays 5",
    sessionKey: "agent:main:memo:group:room:thread:7",
    agentId: "main",
  },
  createdAtMs: 0,
  expiresAtMs: 60_000,
};
const TARGET = {
  approvalId: "plugin:1",
  approvalKind: "plugin" as const,
  allowedDecisions: ["allow-once" as const, "deny" as const],
};

describe("reactions that decide", () => {
  it("stand for the decisions on offer, however a platform spells the emoji", () => {
    expect(listApprovalReactionBindings(TARGET).map(({ decision }) => decision)).toEqual([
      "allow-once",
      "deny",
    ]);
    expect(listApprovalReactionBindings({})).toHaveLength(3);
    const decide = (reactionKey: string) =>
      resolveTypedApprovalReactionTarget({ target: TARGET, reactionKey })?.decision;
    expect(["👍", "👍🏽", " 👎 ", "♾️", "🙂"].map(decide)).toEqual([
      "allow-once",
      "allow-once",
      "deny",
      undefined,
      undefined,
    ]);
    expect(resolveTypedApprovalReactionTarget({ target: null, reactionKey: "👍" })).toBeNull();
  });

  it("are explained below the text, once", () => {
    const text = addApprovalReactionHintToText({ text: "Pay?", ...TARGET });
    expect(text).toBe("Pay?\n\nReact with:\n👍 Allow once\n👎 Deny");
    expect(hasApprovalReactionHintText(text)).toBe(true);
    expect(addApprovalReactionHintToText({ text, ...TARGET })).toBe(text);
    expect(addApprovalReactionHintToText({ text: "x", allowedDecisions: [] })).toBe("x");
    expect(hasApprovalReactionHintText(undefined)).toBe(false);
  });

  it("[F270] a waiting approval says what it is about, and how it is answered with reactions or without", () => {
    const { reactionPayload, manualFallbackPayload } = buildApprovalReactionPendingContentForRequest({
      request: REQUEST,
      nowMs: 0,
    });
    const lines = reactionPayload.text.split("\n");
    expect(lines[0]).toBe("Plugin approval required");
    expect(lines).toContain("ID: plugin:1");
    expect(lines).toContain("Expires in: 60 s");
    expect(reactionPayload.allowedDecisions).toHaveLength(3);
    expect(hasApprovalReactionHintText(manualFallbackPayload.text)).toBe(false);
    expect(manualFallbackPayload.text).toContain("/approve plugin:1 allow-once|allow-always|deny");
    const view = {
      approvalId: "plugin:1",
      approvalKind: "plugin" as const,
      actions: [{ decision: "deny" as const }],
    };
    expect(
      buildApprovalReactionPendingContent({ request: REQUEST, view, nowMs: 0 }).reactionPayload
        .allowedDecisions,
    ).toEqual(["deny"]);
    expect(buildApprovalReactionPromptPayloadForRequest({ request: REQUEST, nowMs: 0 })).toEqual(
      reactionPayload,
    );
  });

  it("find the approval of a message by its buttons and by what it carries", () => {
    const presentation = buildTypedApprovalPresentation(TARGET);
    expect(readApprovalReactionPresentationBinding({ payload: { presentation } })).toEqual(TARGET);
    const other = buildTypedApprovalPresentation({ ...TARGET, approvalId: "plugin:2" });
    const both = { blocks: [...presentation.blocks, ...other.blocks] };
    expect(readApprovalReactionPresentationBinding({ presentation: both })).toBeNull();
    expect(readApprovalReactionPresentationBinding({})).toBeNull();
    const payload = { channelData: { mark: buildApprovalReactionDeliveredBindingMarker(TARGET) } };
    expect(readApprovalReactionDeliveredBinding({ payload, channelDataKey: "mark" })).toEqual(TARGET);
    expect(readApprovalReactionDeliveredBinding({ payload, channelDataKey: "other" })).toBeNull();
    expect(readApprovalReactionTargetRecord({ ...TARGET, approvalKind: "system-agent" })).toBeNull();
    expect(readApprovalReactionDecisionList(["deny", "deny"])).toBeNull();
    expect(readApprovalReactionDecisionList(["deny", undefined])).toBeNull();
    expect(approvalReactionDecisionSetsMatch(["deny", "allow-once"], ["allow-once", "deny"])).toBe(true);
    expect(approvalReactionDecisionSetsMatch(["deny"], ["allow-once", "deny"])).toBe(false);
  });

  it("are remembered in memory and in the plugin's store, and survive without one", async () => {
    const rows = new Map<string, unknown>();
    const failures: unknown[] = [];
    const make = (fail = false) =>
      createApprovalReactionTargetStore({
        namespace: "n",
        maxEntries: 2,
        defaultTtlMs: 60_000,
        openStore: () => ({
          register: async (key, value) =>
            fail ? Promise.reject(new Error("full")) : void rows.set(key, value),
          lookup: async (key) => rows.get(key),
          delete: async (key) => rows.delete(key),
        }),
        logPersistentError: (error) => failures.push(error),
        readPersistedTarget: readApprovalReactionTargetRecord,
      });
    await make().register("m1", TARGET);
    const restarted = make();
    expect(await restarted.lookup("m1")).toEqual(TARGET);
    await restarted.delete("m1");
    expect(await restarted.lookup("m1")).toBeNull();
    const failing = make(true);
    await failing.register("m2", TARGET);
    expect(await failing.lookup("m2")).toEqual(TARGET);
    expect(failures).toHaveLength(1);
    for (const key of ["a", "b", "c"]) await failing.register(key, TARGET);
    expect(await failing.lookup("a")).toBeNull();
    failing.clearForTest();
    expect(await failing.lookup("c")).toBeNull();
  });

  it("decide for approvers only, and let the message go when the approval has ended", async () => {
    const log: string[] = [];
    const settle = (
      approvers: string[],
      resolver: () =>
        | Promise<never>
        | Promise<{ applied: boolean; approval: { id: string; status: "allowed" } }>,
    ) =>
      settleApprovalReaction({
        request: {
          cfg: {},
          approvalId: "plugin:1",
          approvalKind: "plugin",
          decision: "deny",
          channel: "memo",
          senderId: "alice",
        },
        approvers,
        authorizeActorAction: ({ senderId }) => ({ authorized: approvers.includes(senderId ?? "") }),
        loadResolver: async () => resolver,
        clearTarget: () => log.push("cleared"),
        onResolved: ({ applied }) => log.push(`applied ${applied}`),
        logVerboseMessage: (message) => log.push(message),
      });
    const ok = async () => ({ applied: true, approval: { id: "plugin:1", status: "allowed" as const } });
    await settle([], ok);
    await settle(["bob"], ok);
    await settle(["alice"], ok);
    await settle(["alice"], () =>
      Promise.reject(Object.assign(new Error("gone"), { details: { reason: "APPROVAL_NOT_FOUND" } })),
    );
    await settle(["alice"], () => Promise.reject(new Error("busy")));
    expect(log).toEqual([
      "memo: approval reaction ignored for plugin:1; there are no approvers",
      "memo: approval reaction ignored for plugin:1; the sender may not approve",
      "cleared",
      "applied true",
      "cleared",
      "memo: approval reaction ignored for plugin:1; gone",
      "memo: approval reaction ignored for plugin:1; busy",
    ]);
  });
});

describe("approvals as replies", () => {
  it("carry which approval they show, and buttons that decide it", () => {
    const payload = buildPluginApprovalPendingReplyPayload({
      request: REQUEST,
      nowMs: 0,
      allowedDecisions: ["deny"],
    });
    expect(getExecApprovalReplyMetadata(payload)).toEqual({
      approvalId: "plugin:1",
      approvalSlug: "plugin:1",
      approvalKind: "plugin",
      allowedDecisions: ["deny"],
      agentId: "main",
      sessionKey: REQUEST.request.sessionKey,
    });
    expect(payload.presentation?.blocks).toMatchObject([
      {
        buttons: [{ label: "Deny", action: { type: "approval", approvalId: "plugin:1", decision: "deny" } }],
      },
    ]);
    const exec = buildExecApprovalPendingReplyPayload({
      approvalId: "x1",
      approvalSlug: "x",
      command: "ls",
      host: "gateway",
      nowMs: 0,
    });
    expect(exec.text).toContain("Exec approval required\nls\nHost: gateway\nID: x1");
    expect(getExecApprovalReplyMetadata({ channelData: {} })).toBeNull();
    const system = buildApprovalPendingReplyPayload({
      approvalKind: "system-agent",
      approvalId: "s",
      text: "Change?",
    });
    expect(getExecApprovalReplyMetadata(system)?.approvalKind).toBe("system-agent");
  });

  it("draw the actions a view offers", () => {
    const actions = [
      { decision: "allow-once" as const, label: "Yes", approvalId: "a", approvalKind: "exec" as const },
      { decision: "deny" as const, command: "/approve a deny" },
      { label: "nothing" },
    ];
    expect(buildApprovalPresentationFromActionDescriptors(actions)?.blocks).toMatchObject([
      {
        buttons: [
          { label: "Yes", style: "success", action: { type: "approval" } },
          { label: "Deny", action: { type: "command", command: "/approve a deny" } },
        ],
      },
    ]);
    expect(buildApprovalPresentationFromActionDescriptors([])).toBeUndefined();
  });

  it("say how an approval ended", () => {
    expect(
      buildPluginApprovalResolvedReplyPayload({
        resolved: { id: "plugin:1", decision: "deny", resolvedBy: "bob" },
      }).text,
    ).toBe("Plugin approval: Denied by bob\nID: plugin:1");
    expect(formatChannelApprovalResolvedLabel({ decision: "allow-always" })).toBe("Allowed always");
    expect(formatChannelApprovalResolvedLabel({ decision: "deny" }, () => "No")).toBe("No");
    expect(buildChannelApprovalExpiredText({ request: REQUEST })).toBe(
      "Plugin approval: Expired\nID: plugin:1",
    );
    expect(
      buildChannelApprovalResolvedText({ request: REQUEST, resolved: { decision: "allow-once" } }),
    ).toContain("Allowed once");
  });

  it("are answered by a typed command", () => {
    expect(parseExecApprovalCommandText("/approve@bot abc always")).toEqual({
      approvalId: "abc",
      decision: "allow-always",
    });
    expect(parseExecApprovalCommandText("/approve abc maybe")).toBeNull();
    expect(parseExecApprovalCommandText(undefined)).toBeNull();
    expect(buildApprovalResolutionRef({ approvalId: "plugin:1" })).toMatch(/^apr1\..{22}$/);
  });
});

describe("which account shows an approval", () => {
  const choose = (request: Record<string, unknown>, accountId: string, eligibleAccountIds: string[]) =>
    doesApprovalRequestSelectChannelAccount({
      request: { id: "a", request },
      channel: "memo",
      accountId,
      defaultAccountId: "default",
      eligibleAccountIds,
    });

  it("is the one that was asked from, else the default, else the first that may", () => {
    const from = { turnSourceChannel: "memo", turnSourceAccountId: "work" };
    expect([choose(from, "work", []), choose(from, "default", ["default"])]).toEqual([true, false]);
    expect([choose({}, "default", ["work", "default"]), choose({}, "work", ["work", "default"])]).toEqual([
      true,
      false,
    ]);
    expect(choose({}, "work", ["work"])).toBe(true);
    expect(
      resolvePreparedApprovalAccountId({
        plannedAccountId: " ",
        contextAccountId: "c",
        fallbackAccountId: "f",
      }),
    ).toBe("c");
  });

  it("reads kind, conversation, recipients and suppression from request and configuration", () => {
    expect(resolveApprovalKind(REQUEST)).toBe("plugin");
    expect(resolveApprovalKind({ id: "x", request: {} }, "system-agent")).toBe("system-agent");
    expect(resolveApprovalRequestSessionConversation({ request: REQUEST, channel: "memo" })).toEqual({
      channel: "memo",
      kind: "group",
      id: "room",
      threadId: "7",
    });
    expect(resolveApprovalRequestSessionConversation({ request: REQUEST, channel: "irc" })).toBeNull();
    const cfg = {
      approvals: { exec: { enabled: true, mode: "targets", targets: [{ channel: "memo", to: "Alice" }] } },
    };
    const recipient = (senderId: string, config: Record<string, unknown> = cfg) =>
      isChannelExecApprovalTargetRecipient({
        cfg: config,
        senderId,
        channel: "memo",
        normalizeSenderId: (id) => id.toLowerCase(),
        matchTarget: ({ target, normalizedSenderId }) => target.to.toLowerCase() === normalizedSenderId,
      });
    expect([recipient("ALICE"), recipient("bob"), recipient("alice", {})]).toEqual([true, false, false]);
    const payload = buildPluginApprovalPendingReplyPayload({ request: REQUEST, nowMs: 0 });
    const suppressed = (hint: object) =>
      shouldSuppressLocalNativeExecApprovalPrompt({
        cfg: {},
        payload,
        hint,
        isNativeDeliveryEnabled: () => true,
      });
    expect(suppressed({ kind: "approval-pending", nativeRouteActive: true })).toBe(true);
    expect(suppressed({ kind: "approval-pending" })).toBe(false);
  });
});
