import { expect, test } from "vitest";
import { isMessageAction, targetParameter } from "../../../src/channels/message-tool/actions.ts";
import type {
  ChannelMessageActionContext,
  MessageToolDiscoveryContext,
} from "../../../src/contracts/channel.ts";
import type { AgentToolResult } from "../../../src/contracts/tool.ts";
import type { Script } from "../../runtime/agent/support.ts";
import { call, say } from "../../runtime/agent/support.ts";
import { incoming, openChannels, type TestPlatform, testPlatform } from "../support.ts";

const open = { dmPolicy: "open", allowFrom: ["*"] };

/** A turn that calls the tool with `args` and then says what came of it. */
async function toolTurn(args: Record<string, unknown>, platforms: TestPlatform[], final?: string) {
  const script: Script = (context, _options, round) => {
    if (round === 0) return call("message", args);
    const last = context.messages.at(-1);
    const result =
      last?.role === "toolResult"
        ? last.content.map((part) => ("text" in part ? part.text : "")).join("")
        : "";
    return say(final ?? result);
  };
  const room = await openChannels({
    platforms,
    script,
    config: { channels: Object.fromEntries(platforms.map(({ plugin }) => [plugin.id, open])) },
  });
  await room.channels.receive(incoming({ text: "do it" }));
  await room.settled();
  return { room, answer: platforms[0]?.sent.at(-1)?.text ?? "" };
}

const text = (value: string): AgentToolResult => ({ content: [{ type: "text", text: value }] });

test("[F177] one tool of the host sends to any channel through the outbox", async () => {
  const memo = testPlatform();
  const post = testPlatform({ id: "post" });
  const { room } = await toolTurn(
    { action: "send", channel: "post", target: "post:bob", message: "hi Bob" },
    [memo, post],
  );
  expect(post.sent).toEqual([{ to: "bob", text: "hi Bob", accountId: "default" }]);
  expect((await room.store.call.outbox.counts({})).byStatus.delivered).toBe(2);
});

test("without a target it writes to the conversation, and the same final answer is not sent twice", async () => {
  const memo = testPlatform();
  await toolTurn({ action: "send", message: "on my way" }, [memo], "on my way");
  expect(memo.sent.map(({ text: said }) => said)).toEqual(["on my way"]);
});

test("[F178] [F180] [F181] a channel contributes actions and parameters and sees who the turn belongs to", async () => {
  const seen: MessageToolDiscoveryContext[] = [];
  const acted: ChannelMessageActionContext[] = [];
  const memo = testPlatform({
    fields: {
      actions: {
        describeMessageTool: (context) => {
          seen.push(context);
          return {
            actions: ["react", "conjure"],
            schema: { properties: { mood: { type: "string" } } },
          };
        },
        handleAction: async (context) => {
          acted.push(context);
          return text(`reacted with ${String(context.params["emoji"])}`);
        },
      },
    },
  });
  const { answer } = await toolTurn({ action: "react", messageId: "m", emoji: "+1", mood: "good" }, [memo]);
  expect(answer).toBe("reacted with +1");
  expect(seen[0]).toMatchObject({
    chatType: "direct",
    currentChannelId: "ada",
    currentChannelProvider: "memo",
    accountId: "default",
    sessionKey: "agent:main:main",
    agentId: "main",
    requesterSenderId: "ada",
    senderIsOwner: true,
  });
  expect(seen[0]?.sessionId).toBeTypeOf("string");
  expect(acted[0]).toMatchObject({ action: "react", channel: "memo", params: { to: "ada", mood: "good" } });
});

test("[F183] a poll goes to the channel's own action first, and is parsed only when that declines", async () => {
  const order: string[] = [];
  const memo = testPlatform({
    fields: {
      actions: {
        describeMessageTool: () => ({ actions: ["poll"] }),
        handleAction: async () => {
          order.push("action");
          return null;
        },
      },
    },
  });
  const outbound = memo.plugin.outbound;
  if (outbound) {
    outbound.sendPoll = async (given) => {
      order.push("outbound");
      return { messageId: "p", ...given };
    };
  }
  const { answer } = await toolTurn(
    { action: "poll", pollQuestion: "Tea?", pollOption: ["yes", " ", "no"] },
    [memo],
  );
  expect(order).toEqual(["action", "outbound"]);
  expect(answer).toContain('"options":["yes","no"]');
});

test("[F183] a channel that only knows how to send a poll offers the shared poll", async () => {
  const memo = testPlatform();
  const asked: unknown[] = [];
  if (memo.plugin.outbound) {
    memo.plugin.outbound.sendPoll = async (given) => {
      const { to, poll } = given as { to?: unknown; poll?: unknown };
      asked.push([to, poll]);
      return { messageId: "p" };
    };
  }
  const poll = { action: "poll", pollQuestion: " Tea? ", pollOption: ["yes", "no"], pollMulti: true };
  const { answer } = await toolTurn(poll, [memo]);
  expect(answer).toContain('"action":"poll"');
  expect(asked).toEqual([["ada", { question: "Tea?", options: ["yes", "no"], maxSelections: 2 }]]);
});

test("mistakes of a model get an answer that says what to do", async () => {
  const memo = testPlatform();
  const post = testPlatform({
    id: "post",
    fields: { actions: { describeMessageTool: () => ({ actions: ["react", "search"] }) } },
  });
  const mistakes: [Record<string, unknown>, string][] = [
    [{ action: "send", message: "x", to: "bob" }, "use target instead of to or channelId for send"],
    [{ action: "send", message: "" }, "message is missing"],
    [{ action: "send", message: "x", pollQuestion: "?" }, "use the poll action"],
    [{ action: "react" }, "Message action react not supported for channel memo."],
    [
      { action: "send", channel: "pigeon", message: "x" },
      'there is no channel "pigeon"; use one of: memo, post',
    ],
    [{ action: "search", channel: "post", target: "x" }, "Action search does not accept a target."],
  ];
  for (const [args, expected] of mistakes)
    expect((await toolTurn(args, [memo, post])).answer).toContain(expected);
});

test("a dry run sends nothing", async () => {
  const memo = testPlatform();
  const { answer } = await toolTurn({ action: "send", target: "bob", message: "x", dryRun: true }, [memo]);
  expect(answer).toContain('"dryRun":true');
  expect(memo.sent.filter(({ to }) => to === "bob")).toEqual([]);
});

test("the list of actions is closed, and each says where its target goes", () => {
  expect(isMessageAction("conjure")).toBe(false);
  expect([targetParameter("send"), targetParameter("channel-info"), targetParameter("search")]).toEqual([
    "to",
    "channelId",
    "none",
  ]);
});

test("[F179] media of an action comes from the media store or the workspace; other actions' parameters stay", async () => {
  const acted: ChannelMessageActionContext[] = [];
  const memo = testPlatform({
    fields: {
      actions: {
        describeMessageTool: () => ({
          actions: ["sendAttachment", "set-profile"],
          mediaSourceParams: { sendAttachment: ["file"] },
        }),
        handleAction: async (context) => {
          acted.push(context);
          return text("performed");
        },
      },
    },
  });
  const attach = (file: string) => toolTurn({ action: "sendAttachment", file }, [memo]);
  expect((await attach("file:///etc/passwd")).answer).toContain("not a file of the workspace");
  expect((await attach("../../../etc/passwd")).answer).toContain("not a file of the workspace");
  expect(acted).toEqual([]);
  await attach(" https://example.org/a.png ");
  await toolTurn({ action: "set-profile", file: "/etc/passwd" }, [memo]);
  expect(acted.map(({ params }) => params["file"])).toEqual(["https://example.org/a.png", "/etc/passwd"]);
  expect(acted[0]?.["mediaLocalRoots"]).toHaveLength(2);
});

test("[F179] what is said to several at once takes its media from the same places", async () => {
  const memo = testPlatform({
    fields: { actions: { describeMessageTool: () => ({ actions: ["broadcast"] }) } },
  });
  const broadcast = (media?: string) =>
    toolTurn({ action: "broadcast", targets: ["amy", "bob"], message: "hi", ...(media ? { media } : {}) }, [
      memo,
    ]);
  expect((await broadcast("/etc/passwd")).answer).toContain("not a file of the workspace");
  expect(memo.sent.map(({ text: said }) => said).filter((said) => said === "hi")).toEqual([]);
  await broadcast();
  expect(memo.sent.filter(({ text: said }) => said === "hi").map(({ to }) => to)).toEqual(["amy", "bob"]);
});

test("[F182] the channel reads its own addresses and performs the action itself", async () => {
  const acted: ChannelMessageActionContext[] = [];
  const memo = testPlatform({
    fields: {
      messaging: {
        normalizeTarget: (raw) => raw.replace(/\s+/g, "").toLowerCase(),
        targetResolver: {
          looksLikeId: (raw) => raw.includes("#topic-"),
          resolveTarget: async ({ normalized }) => ({ to: `room/${normalized}` }),
        },
      },
      actions: {
        describeMessageTool: () => ({ actions: ["pin"] }),
        handleAction: async (context) => {
          acted.push(context);
          return text("pinned by the channel");
        },
      },
    },
  });
  const { answer } = await toolTurn({ action: "pin", target: "memo:Garden #topic-7" }, [memo]);
  expect(answer).toBe("pinned by the channel");
  await toolTurn({ action: "pin", target: "Kitchen" }, [memo]);
  expect(acted.map(({ params }) => params["to"])).toEqual(["garden#topic-7", "room/kitchen"]);
});
