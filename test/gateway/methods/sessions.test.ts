import { describe, expect, it } from "vitest";
import { openMethods, problemsWith } from "./support.ts";

let keys = 0;
const key = () => `s-${++keys}`;

async function withSessions(names: string[]) {
  const room = await openMethods();
  for (const name of names) {
    await room.call("chat.send", { sessionKey: name, message: `hello from ${name}`, idempotencyKey: key() });
    await room.agent.whenIdle(`agent:main:${name}`);
  }
  return room;
}

describe("sessions methods", () => {
  it("lists newest first, pinned on top, a page at a time", async () => {
    const room = await withSessions(["a", "b", "c", "d"]);
    await room.call("sessions.patch", { key: "b", pinned: true });
    const first = await room.call("sessions.list", { limit: 3 });
    const rows = first["sessions"] as Record<string, unknown>[];
    expect(rows.map((row) => row["key"])).toEqual(["agent:main:b", "agent:main:d", "agent:main:c"]);
    expect(first).toMatchObject({ count: 3, totalCount: 4, hasMore: true, nextOffset: 3 });
    for (const row of rows) expect(problemsWith("SessionRow", row)).toEqual([]);
    const second = await room.call("sessions.list", { limit: 3, offset: 3, includeLastMessage: true });
    expect(second["sessions"]).toMatchObject([{ key: "agent:main:a", lastMessagePreview: "Hello there" }]);
    expect(second["nextOffset"]).toBeNull();
    expect((await room.call("sessions.list", { search: "MAIN:C" }))["sessions"]).toMatchObject([
      { key: "agent:main:c" },
    ]);
    expect((await room.call("sessions.list", { search: "100%_" }))["sessions"]).toEqual([]);
  });

  it("previews, describes, gets and resolves", async () => {
    const room = await withSessions(["a"]);
    const { previews } = await room.call("sessions.preview", { keys: ["a", "missing"] });
    expect(previews).toEqual([
      {
        key: "agent:main:a",
        status: "ok",
        items: [
          { role: "user", text: "hello from a" },
          { role: "assistant", text: "Hello there" },
        ],
      },
      { key: "agent:main:missing", status: "missing", items: [] },
    ]);
    const { session } = await room.call("sessions.describe", { key: "a" });
    expect(problemsWith("SessionRow", session)).toEqual([]);
    expect(await room.call("sessions.describe", { key: "missing" })).toEqual({ session: null });
    expect((await room.call("sessions.get", { key: "a" }))["messages"]).toHaveLength(2);
    const found = await room.call("sessions.resolve", { key: "a" });
    expect(problemsWith("SessionsResolveResult", found)).toEqual([]);
    const { sessionId } = session as { sessionId: string };
    expect(await room.call("sessions.resolve", { sessionId })).toMatchObject({
      ok: true,
      key: "agent:main:a",
    });
    await expect(room.call("sessions.resolve", { key: "missing" })).rejects.toThrow("No session found");
    expect(await room.call("sessions.resolve", { key: "missing", allowMissing: true })).toEqual({
      ok: false,
    });
  });

  it("patches levels, models and labels, and refuses what does not exist", async () => {
    const room = await withSessions(["a", "b"]);
    const patched = await room.call("sessions.patch", {
      key: "a",
      label: "mine",
      model: "scripted/two",
      thinkingLevel: "x-high",
    });
    expect(patched).toMatchObject({
      ok: true,
      key: "agent:main:a",
      entry: { label: "mine", modelOverride: "two", providerOverride: "scripted", thinkingLevel: "xhigh" },
      resolved: { model: "two" },
    });
    expect(room.services.sessions).toBeDefined();
    const patch = (fields: object) => room.call("sessions.patch", { key: "b", ...fields });
    await expect(patch({ label: "mine" })).rejects.toMatchObject({ details: { reason: "label-taken" } });
    await expect(patch({ model: "nobody/x" })).rejects.toThrow("Unknown model");
    await expect(patch({ thinkingLevel: "banana" })).rejects.toThrow("thinkingLevel");
    await expect(patch({ verboseLevel: "loud" })).rejects.toThrow("off, on, full");
    await expect(patch({ expectedSessionId: "other" })).rejects.toMatchObject({
      details: { reason: "session-changed" },
    });
    const cleared = await room.call("sessions.patch", { key: "a", label: null, model: null });
    expect(cleared["entry"]).not.toHaveProperty("modelOverride");
    expect(cleared["entry"]).not.toHaveProperty("label");
  });

  it("resets a conversation in place and deletes all but the main one", async () => {
    const room = await withSessions(["a"]);
    const before = (await room.call("sessions.describe", { key: "a" }))["session"] as { sessionId: string };
    const reset = await room.call("sessions.reset", { key: "a", expectedSessionId: before.sessionId });
    expect(reset["entry"]).toMatchObject({ sessionId: before.sessionId });
    expect((await room.call("chat.history", { sessionKey: "a" }))["messages"]).toEqual([]);
    await expect(room.call("sessions.delete", { key: "main" })).rejects.toThrow("main session");
    await expect(
      room.call("sessions.delete", { key: "a", expectedSessionId: "other" }),
    ).rejects.toMatchObject({
      details: { reason: "session-changed" },
    });
    const removed = await room.call("sessions.delete", { key: "a" });
    expect(problemsWith("SessionsDeleteResult", removed)).toEqual([]);
    expect(removed["deleted"]).toBe(true);
    expect(await room.call("sessions.delete", { key: "a" })).toMatchObject({ deleted: false });
    expect((await room.call("sessions.list"))["totalCount"]).toBe(0);
    expect((await room.store.call.turns.counts({})).balanced).toBe(true);
  });

  it("archives only with a precondition and lists archived sessions apart", async () => {
    const room = await withSessions(["a"]);
    const { sessionId } = (await room.call("sessions.describe", { key: "a" }))["session"] as {
      sessionId: string;
    };
    await expect(room.call("sessions.patch", { key: "a", archived: true })).rejects.toThrow(
      "expectedSessionId",
    );
    await room.call("sessions.patch", { key: "a", archived: true, expectedSessionId: sessionId });
    expect((await room.call("sessions.list"))["sessions"]).toEqual([]);
    expect((await room.call("sessions.list", { archived: true }))["sessions"]).toMatchObject([
      { archived: true },
    ]);
  });

  it("creates a session with and without a first message", async () => {
    const room = await openMethods();
    const empty = await room.call("sessions.create", { label: "plan" });
    expect(problemsWith("SessionsCreateResult", empty)).toEqual([]);
    expect(empty).toMatchObject({ runStarted: false, key: expect.stringMatching(/^agent:main:dashboard:/) });
    const spoken = await room.call("sessions.create", { key: "talk", message: "hi", idempotencyKey: key() });
    expect(spoken).toMatchObject({ runStarted: true, messageSeq: 1 });
    await room.agent.whenIdle("agent:main:talk");
  });

  it("remembers what a connection follows", async () => {
    const room = await openMethods();
    expect(await room.call("sessions.subscribe")).toEqual({ subscribed: true });
    expect(await room.call("sessions.subscribe", { limit: 5 })).toMatchObject({
      subscribed: true,
      list: { count: 0 },
    });
    expect(await room.call("sessions.messages.subscribe", { key: "main" })).toEqual({
      subscribed: true,
      key: "agent:main:main",
    });
    expect(room.receiver.subscriptions.sessions).toBe(true);
    expect(room.receiver.subscriptions.followsMessages("agent:main:main")).toBe(true);
    await room.call("sessions.messages.unsubscribe", { key: "main" });
    expect(room.receiver.subscriptions.followsMessages("agent:main:main")).toBe(false);
  });
});
