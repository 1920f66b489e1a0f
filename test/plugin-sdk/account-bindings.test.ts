import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_BINDINGS_PER_ACCOUNT } from "../../src/plugin-sdk/bindings/account-bindings.ts";
import { getSessionBindingService } from "../../src/plugin-sdk/conversation-runtime.ts";
import {
  createAccountScopedConversationBindingManager,
  resetAccountScopedConversationBindingsForTests,
} from "../../src/plugin-sdk/thread-bindings-runtime.ts";

const stateKey = Symbol.for("test.account-bindings");
const HOUR = 3_600_000;

function manager(cfg: object = {}, accountId = "Work") {
  return createAccountScopedConversationBindingManager<"subagent" | "acp">({
    channel: "memo",
    cfg: cfg as never,
    accountId,
    stateKey,
    toStoredTargetKind: (kind) => (kind === "subagent" ? "subagent" : "acp"),
    toSessionBindingTargetKind: (kind) => (kind === "subagent" ? "subagent" : "session"),
  });
}

const HERE = { channel: "memo", accountId: "work", conversationId: "room" };

afterEach(() => {
  vi.useRealTimers();
  resetAccountScopedConversationBindingsForTests({ stateKey });
});

describe("the bindings of a running channel account", () => {
  it("[F001] are made and found through the session binding service while the account runs", async () => {
    const account = manager();
    const service = getSessionBindingService();
    const made = await service.bind({
      targetSessionKey: "agent:coder:sub:1",
      targetKind: "subagent",
      conversation: HERE,
      metadata: { label: " fix it ", boundBy: "ann" },
    });
    expect(made).toMatchObject({
      bindingId: "work:room",
      targetKind: "subagent",
      conversation: HERE,
      metadata: { agentId: "coder", label: "fix it", boundBy: "ann" },
    });
    expect(service.resolveByConversation(HERE)).toEqual(made);
    expect(account.getByConversationId("room")).toMatchObject({ targetKind: "subagent" });
    expect(account.listBySessionKey("agent:coder:sub:1")).toHaveLength(1);
    service.touch("work:room", Date.now() + 5);
    expect(await service.unbind({ bindingId: "work:room", reason: "done" })).toHaveLength(1);
    expect(service.resolveByConversation(HERE)).toBeNull();

    account.bindConversation({
      conversationId: "room",
      targetKind: "session",
      targetSessionKey: "agent:a:x",
    });
    account.stop();
    expect(service.getCapabilities(HERE).adapterAvailable).toBe(false);
    expect(account.getByConversationId("room")).toBeUndefined();
  });

  it("are one memory for everybody who asks for the same account", () => {
    const first = manager();
    expect(manager()).toBe(first);
    expect(manager({}, "other")).not.toBe(first);
    first.stop();
    expect(manager()).not.toBe(first);
  });

  it("keep what was said of a conversation when it is bound again, and refuse one without a name", () => {
    const account = manager();
    const target = { targetKind: "session" as const, targetSessionKey: "agent:a:x" };
    account.bindConversation({ conversationId: "room", ...target, metadata: { label: "old" } });
    expect(account.bindConversation({ conversationId: " room ", ...target })).toMatchObject({ label: "old" });
    expect(account.bindConversation({ conversationId: " ", ...target })).toBeNull();
    expect(account.touchConversation("elsewhere")).toBeNull();
    expect(account.unbindBySessionKey("agent:a:x")).toHaveLength(1);
    expect(account.unbindConversation("room")).toBeNull();
  });

  it("end after the idle time, which use moves, and after their age, which it does not", () => {
    vi.useFakeTimers({ now: 0 });
    const account = manager({ channels: { memo: { threadBindings: { idleHours: 2, maxAgeHours: 3 } } } });
    account.bindConversation({ conversationId: "room", targetKind: "session", targetSessionKey: "s" });
    vi.setSystemTime(HOUR);
    expect(account.touchConversation("room")).not.toBeNull();
    vi.setSystemTime(2 * HOUR);
    expect(account.getByConversationId("room")).toBeDefined();
    vi.setSystemTime(3 * HOUR);
    expect(account.listBySessionKey("s")).toEqual([]);
    expect(account.touchConversation("room")).toBeNull();
  });

  it("drop the one used longest ago beyond the limit", () => {
    const account = manager();
    for (let at = 0; at <= MAX_BINDINGS_PER_ACCOUNT; at++) {
      account.bindConversation({ conversationId: `c${at}`, targetKind: "session", targetSessionKey: "s" });
    }
    expect(account.getByConversationId("c0")).toBeUndefined();
    expect(account.listBySessionKey("s")).toHaveLength(MAX_BINDINGS_PER_ACCOUNT);
  });
});
