import { describe, expect, it } from "vitest";
import { MEMO, MEMO_CONFIG, memo } from "./memo-channel.ts";
import { contract, type Fixture } from "./support.ts";

const WITNESS: Fixture = {
  register: `
    for (const hook of ["before_reset", "session_end", "session_start"])
      api.on(hook, (event) => { seen.push([hook, event]); });
    api.registerHook(["command:new", "command:reset", "command:stop"], (event) => {
      seen.push(["command:" + event.action, event.context.commandSource, event.context.senderId]);
      event.messages.push("Noted.");
    }, { name: "witness" });`,
};

const said = (text: string, id: string, more: Record<string, unknown> = {}) => ({
  OriginatingChannel: "memo",
  From: "alice",
  SenderId: "alice",
  OriginatingTo: "alice",
  RawBody: text,
  BodyForAgent: text,
  MessageSid: id,
  CommandAuthorized: true,
  ...more,
});

describe("commands of a conversation on a channel", () => {
  it("[F124] /new begins afresh and tells plugins of the end and the new start", async () => {
    const gateway = await contract([WITNESS, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    await platform.hear("alice", "hello");
    await platform.next("You said");
    expect(await platform.hear("alice", "/new")).toMatchObject({ status: "handled", reason: "command:new" });
    expect((await platform.next("Started a new conversation.")).text).toContain("Noted.");
    const [, command, reset, end, start] = await gateway.seen();
    expect(command).toEqual(["command:new", "memo", "alice"]);
    expect(reset).toMatchObject(["before_reset", { reason: "new" }]);
    expect(JSON.stringify(reset[1].messages)).toContain("hello");
    const { sessionId, sessionKey } = end[1];
    expect(end).toEqual([
      "session_end",
      {
        sessionId,
        sessionKey,
        reason: "new",
        messageCount: 2,
        durationMs: expect.any(Number),
        nextSessionId: sessionId,
        nextSessionKey: sessionKey,
      },
    ]);
    expect(start).toMatchObject(["session_start", { sessionKey }]);
    expect((await gateway.call("chat.history", { sessionKey })).messages).toEqual([]);
  });

  it("words behind /reset are the first of the fresh conversation", async () => {
    const gateway = await contract([WITNESS, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    await platform.hear("alice", "old news");
    await platform.next("old news");
    const { sessionKey } = await platform.hear("alice", "/reset@memobot good morning");
    expect((await platform.next("good morning")).text).not.toContain("/reset");
    const { messages } = await gateway.call("chat.history", { sessionKey });
    expect(messages).toHaveLength(2);
    expect(JSON.stringify(messages)).not.toContain("old news");
  });

  it("from somebody who may not give commands it is an ordinary message", async () => {
    const gateway = await contract([WITNESS, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    expect(await platform.hear("mallory", "/new", "room")).toMatchObject({ status: "accepted" });
    await platform.next("/new");
    expect((await gateway.seen()).map(([name]) => name)).toEqual(["session_start"]);
  });

  it("a turn that a channel prepared itself is treated the same", async () => {
    const gateway = await contract([WITNESS, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    const dispatch = (text: string, id: string, more?: Record<string, unknown>) =>
      gateway.call("memo.dispatch", said(text, id, more));
    expect((await dispatch("hello", "1")).delivered.join()).toContain("You said: hello");
    expect((await dispatch("/new", "2")).delivered).toEqual([]);
    await platform.next("Started a new conversation.");
    expect((await dispatch("/new good morning", "3")).delivered.join()).toContain("You said: good morning");
    expect((await dispatch("stop", "4")).delivered).toEqual([]);
    await platform.next("Nothing is running.");
    const answer = await dispatch("/new", "5", { CommandAuthorized: false, OriginatingTo: "room" });
    expect(answer.delivered.join()).toContain("You said: /new");
    const names = (await gateway.seen()).map(([name]) => name);
    expect(names.filter((name) => name.startsWith("command:"))).toEqual([
      "command:new",
      "command:new",
      "command:stop",
    ]);
  });

  it("before_dispatch may take a turn that a channel prepared itself", async () => {
    const gateway = await contract(
      [
        {
          register: `api.on("before_dispatch", (event, ctx) => {
            seen.push([event.content, event.senderId, ctx.senderId, event.isGroup]);
            return event.content === "mine" ? { handled: true, text: "taken" } : { handled: false };
          });`,
        },
        MEMO,
      ],
      { config: MEMO_CONFIG },
    );
    const platform = memo(gateway);
    expect((await gateway.call("memo.dispatch", said("mine", "1"))).delivered).toEqual([]);
    await platform.next("taken");
    expect((await gateway.call("memo.dispatch", said("yours", "2"))).delivered.join()).toContain("yours");
    expect(await gateway.seen()).toEqual([
      ["mine", "alice", "alice", false],
      ["yours", "alice", "alice", false],
    ]);
  });
});

it("session_end tells of the sessions that were used when the gateway stops, within 2 s in all", async () => {
  const { gateway, say, call } = await contract({
    register: `const told = globalThis.sessionEnds = [];
      api.on("session_end", (event) => { told.push([event.sessionKey, event.reason, event.messageCount]); return new Promise(() => {}); });`,
  });
  await say("hello", "one");
  await say("hello", "two");
  await call("health");
  await gateway.stop("test");
  const told = (globalThis as { sessionEnds?: unknown[] }).sessionEnds;
  expect(told?.sort()).toEqual([
    ["agent:main:one", "shutdown", 2],
    ["agent:main:two", "shutdown", 2],
  ]);
});
