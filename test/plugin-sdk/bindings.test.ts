import { describe, expect, it } from "vitest";
import { resolveConfiguredAcpBindingRecord } from "../../src/plugin-sdk/acp-binding-resolve-runtime.ts";
import { inspectConversationBinding } from "../../src/plugin-sdk/conversation-binding-inspection-runtime.ts";
import { inspectRuntimeConversationBindingRoute } from "../../src/plugin-sdk/conversation-binding-runtime.ts";
import {
  buildPluginBindingApprovalCustomId,
  buildPluginBindingResolvedText,
  ensureConfiguredBindingRouteReady,
  formatThreadBindingDurationLabel,
  getSessionBindingService,
  isPluginOwnedSessionBindingRecord,
  parsePluginBindingApprovalCustomId,
  registerSessionBindingAdapter,
  resolveConfiguredBindingRoute,
  resolveConversationLabel,
  resolvePairingIdLabel,
  resolvePinnedMainDmOwnerFromAllowlist,
  resolveRuntimeConversationBindingRoute,
  resolveThreadBindingConversationIdFromBindingId,
  resolveThreadBindingFarewellText,
  resolveThreadBindingIdleTimeoutMsForChannel,
  resolveThreadBindingIntroText,
  resolveThreadBindingMaxAgeMsForChannel,
  resolveThreadBindingSpawnPolicy,
  resolveThreadBindingsEnabled,
  resolveThreadBindingThreadName,
  unregisterSessionBindingAdapter,
} from "../../src/plugin-sdk/conversation-runtime.ts";
import {
  resolveThreadBindingExpiry,
  resolveThreadBindingLifecycle,
} from "../../src/plugin-sdk/thread-bindings-session-runtime.ts";

const ROUTE = {
  agentId: "main",
  sessionKey: "agent:main:memo:group:room",
  mainSessionKey: "agent:main:main",
  extra: 1,
};
const HERE = { channel: "memo", accountId: "default", conversationId: "room" };
const RECORD = {
  bindingId: "default:room",
  targetSessionKey: "agent:coder:sub:1",
  targetKind: "subagent" as const,
  conversation: HERE,
  status: "active" as const,
  boundAt: 1,
};

function adapter(kept: (typeof RECORD)[], touched: string[] = []) {
  return {
    channel: "Memo",
    accountId: "",
    capabilities: { placements: ["current" as const] },
    bind: async ({ targetSessionKey }: { targetSessionKey: string }) =>
      targetSessionKey === "refuse" ? null : { ...RECORD, targetSessionKey },
    listBySession: (key: string) => kept.filter(({ targetSessionKey }) => targetSessionKey === key),
    resolveByConversation: ({ conversationId }: { conversationId: string }) =>
      kept.find(({ conversation }) => conversation.conversationId === conversationId) ?? null,
    touch: (id: string) => void touched.push(id),
    unbind: async () => kept.splice(0),
  };
}

describe("conversations bound to sessions", () => {
  it("are found, made and ended through the adapter of the running account", async () => {
    const touched: string[] = [];
    const kept = [RECORD];
    const own = adapter(kept, touched);
    const service = getSessionBindingService();
    expect(service.getCapabilities(HERE)).toEqual({
      adapterAvailable: false,
      bindSupported: false,
      unbindSupported: false,
      placements: [],
    });
    const input = { targetSessionKey: "agent:main:x", targetKind: "session" as const, conversation: HERE };
    await expect(service.bind(input)).rejects.toMatchObject({ code: "BINDING_ADAPTER_UNAVAILABLE" });
    registerSessionBindingAdapter(own);
    expect(service.getCapabilities(HERE)).toEqual({
      adapterAvailable: true,
      bindSupported: true,
      unbindSupported: true,
      placements: ["current"],
    });
    expect(await service.bind(input)).toMatchObject({ targetSessionKey: "agent:main:x" });
    await expect(service.bind({ ...input, placement: "child" })).rejects.toMatchObject({
      code: "BINDING_CAPABILITY_UNSUPPORTED",
    });
    await expect(service.bind({ ...input, targetSessionKey: "refuse" })).rejects.toMatchObject({
      code: "BINDING_CREATE_FAILED",
    });
    expect(service.listBySession("agent:coder:sub:1")).toEqual([RECORD]);
    const bound = resolveRuntimeConversationBindingRoute({ route: ROUTE, conversation: HERE });
    expect(bound).toMatchObject({
      boundSessionKey: "agent:coder:sub:1",
      boundAgentId: "coder",
      bindingOwnerAvailable: true,
      route: { sessionKey: "agent:coder:sub:1", agentId: "coder", lastRoutePolicy: "session", extra: 1 },
    });
    resolveRuntimeConversationBindingRoute({ route: ROUTE, conversation: HERE, touchBinding: false });
    expect(touched).toEqual(["default:room"]);
    expect(await service.unbind({ bindingId: "default:room", reason: "test" })).toEqual([RECORD]);
    expect(resolveRuntimeConversationBindingRoute({ route: ROUTE, conversation: HERE })).toEqual({
      route: ROUTE,
      bindingRecord: null,
      bindingOwnerAvailable: true,
    });
    const newer = adapter([RECORD]);
    registerSessionBindingAdapter(newer);
    expect(service.resolveByConversation(HERE)).toEqual(RECORD);
    unregisterSessionBindingAdapter({ channel: "memo", accountId: "default", adapter: newer });
    expect(service.resolveByConversation(HERE)).toBeNull();
    unregisterSessionBindingAdapter({ channel: "memo", accountId: "default" });
    expect(service.getCapabilities(HERE).adapterAvailable).toBe(false);
  });

  it("[F125] of a plugin keep their route, whose messages the plugin claims", () => {
    const record = { ...RECORD, metadata: { pluginBindingOwner: "plugin", pluginId: "notes" } };
    expect(isPluginOwnedSessionBindingRecord(record)).toBe(true);
    expect(isPluginOwnedSessionBindingRecord(RECORD)).toBe(false);
    const route = inspectRuntimeConversationBindingRoute({
      route: ROUTE,
      inspection: { record, ownerAvailable: true },
    });
    expect(route).toMatchObject({ route: ROUTE, pluginId: "notes" });
    expect(route.boundSessionKey).toBeUndefined();
    expect(inspectConversationBinding(HERE)).toEqual({ record: null, ownerAvailable: true });
  });

  it("by configuration name an external agent, which this host says it does not run", async () => {
    const cfg = {
      bindings: [
        { type: "acp", agentId: "codex", match: { channel: "memo", peer: { kind: "group", id: "room" } } },
      ],
    };
    expect(resolveConfiguredBindingRoute({ cfg: {}, route: ROUTE, conversation: HERE })).toEqual({
      route: ROUTE,
      bindingResolution: null,
    });
    const found = resolveConfiguredBindingRoute({
      cfg,
      route: ROUTE,
      conversation: { ...HERE, conversationId: "t", parentConversationId: "room" },
    });
    expect(found).toMatchObject({
      boundAgentId: "codex",
      bindingResolution: { spec: { conversationId: "room" } },
    });
    expect(resolveConfiguredAcpBindingRecord({ cfg, ...HERE, accountId: "work" })).toBeNull();
    expect(
      await ensureConfiguredBindingRouteReady({ cfg, bindingResolution: found.bindingResolution }),
    ).toMatchObject({ ok: false, error: expect.stringContaining("acp") });
    expect(await ensureConfiguredBindingRouteReady({ cfg, bindingResolution: null })).toEqual({ ok: true });
  });
});

describe("threads of bindings", () => {
  it("end when idle or too old, by account, channel or session settings", () => {
    const HOUR = 3_600_000;
    const cfg = {
      session: { threadBindings: { idleHours: 2, maxAgeHours: 48 } },
      channels: {
        memo: { threadBindings: { idleHours: 1 }, accounts: { work: { threadBindings: { idleHours: 0 } } } },
      },
    };
    const idle = (channel: string, accountId?: string) =>
      resolveThreadBindingIdleTimeoutMsForChannel({ cfg, channel, ...(accountId ? { accountId } : {}) });
    expect([idle("memo", "work"), idle("memo"), idle("irc")]).toEqual([0, HOUR, 2 * HOUR]);
    expect(resolveThreadBindingIdleTimeoutMsForChannel({ cfg: {}, channel: "memo" })).toBe(24 * HOUR);
    expect(resolveThreadBindingMaxAgeMsForChannel({ cfg, channel: "memo" })).toBe(48 * HOUR);
    expect(resolveThreadBindingMaxAgeMsForChannel({ cfg: {}, channel: "memo" })).toBe(0);
    expect(resolveThreadBindingExpiry({ inactivityExpiresAt: 5, maxAgeExpiresAt: 9 })).toEqual({
      expiresAt: 5,
      reason: "idle-expired",
    });
    expect(resolveThreadBindingExpiry({ maxAgeExpiresAt: 9 })).toEqual({
      expiresAt: 9,
      reason: "max-age-expired",
    });
    const record = { boundAt: 10, lastActivityAt: 20 };
    expect(resolveThreadBindingLifecycle({ record, defaultIdleTimeoutMs: 0, defaultMaxAgeMs: 0 })).toEqual(
      {},
    );
    expect(
      resolveThreadBindingLifecycle({
        record: { ...record, maxAgeMs: 5 },
        defaultIdleTimeoutMs: 100,
        defaultMaxAgeMs: 0,
      }),
    ).toEqual({ expiresAt: 15, reason: "max-age-expired" });
  });

  it("are switched, named, opened and closed in words", () => {
    expect(resolveThreadBindingsEnabled({ channelEnabledRaw: undefined, sessionEnabledRaw: false })).toBe(
      false,
    );
    expect(resolveThreadBindingsEnabled({ channelEnabledRaw: true, sessionEnabledRaw: false })).toBe(true);
    const policy = (threadBindings: object) =>
      resolveThreadBindingSpawnPolicy({
        cfg: { channels: { memo: { threadBindings } } },
        channel: "memo",
        kind: "subagent",
      });
    expect(policy({})).toMatchObject({ enabled: true, spawnEnabled: false });
    expect(policy({ spawnSubagentSessions: true })).toMatchObject({ spawnEnabled: true });
    expect(policy({ enabled: false, spawnSubagentSessions: true })).toMatchObject({ spawnEnabled: false });
    expect([0, 30_000, 90 * 60_000, 7_200_000].map(formatThreadBindingDurationLabel)).toEqual([
      "disabled",
      "<1m",
      "90m",
      "2h",
    ]);
    expect(resolveThreadBindingThreadName({ agentId: "coder" })).toBe("🤖 coder");
    expect(resolveThreadBindingThreadName({ label: "x".repeat(200) })).toHaveLength(100);
    expect(
      resolveThreadBindingIntroText({ label: "Coder", idleTimeoutMs: 3_600_000, maxAgeMs: 7_200_000 }),
    ).toBe("Coder answers in this thread. That ends after 1h without a message or 2h after its start.");
    expect(
      resolveThreadBindingFarewellText({ reason: "idle-expired", idleTimeoutMs: 3_600_000, maxAgeMs: 0 }),
    ).toContain("after 1h without a message");
    expect(resolveThreadBindingFarewellText({ farewellText: "Bye", idleTimeoutMs: 0, maxAgeMs: 0 })).toBe(
      "Bye",
    );
    const of = (bindingId: string) =>
      resolveThreadBindingConversationIdFromBindingId({ accountId: "default", bindingId });
    expect([of("default:room:1"), of("work:room"), of("default:")]).toEqual(["room:1", undefined, undefined]);
  });
});

describe("conversations and their people", () => {
  it("have a label, and one owner of the main session at most", () => {
    expect(resolveConversationLabel({ ChatType: "direct", SenderName: "Alice", From: "u1" })).toBe("Alice");
    expect(resolveConversationLabel({ ChatType: "group", GroupSubject: "Room", SenderName: "Alice" })).toBe(
      "Room",
    );
    expect(resolveConversationLabel({})).toBeUndefined();
    expect(resolvePairingIdLabel("memo")).toBe("userId");
    const owner = (allowFrom: string[], dmScope?: string) =>
      resolvePinnedMainDmOwnerFromAllowlist({
        allowFrom,
        ...(dmScope ? { dmScope } : {}),
        normalizeEntry: (entry) => entry.toLowerCase(),
      });
    expect([
      owner(["A", "a"]),
      owner(["a", "b"]),
      owner(["a", "*"]),
      owner(["a"], "per-peer"),
      owner([]),
    ]).toEqual(["a", null, null, null, null]);
  });

  it("[F125] buttons decide a plugin's request by their data", () => {
    for (const decision of ["allow-once", "allow-always", "deny"] as const) {
      const data = buildPluginBindingApprovalCustomId("plugin:1", decision);
      expect(parsePluginBindingApprovalCustomId(data)).toEqual({ approvalId: "plugin:1", decision });
    }
    expect(parsePluginBindingApprovalCustomId("pluginbind:%:o")).toBeNull();
    expect(parsePluginBindingApprovalCustomId("other:1:o")).toBeNull();
    expect(
      buildPluginBindingResolvedText({
        status: "approved",
        decision: "allow-once",
        pluginId: "notes",
        detachHint: "Send /off.",
      }),
    ).toBe("Allowed once: notes answers this conversation. Send /off.");
    expect(buildPluginBindingResolvedText({ status: "denied", pluginId: "notes" })).toContain("Denied");
    expect(buildPluginBindingResolvedText({ status: "expired" })).toContain("ended already");
  });
});
