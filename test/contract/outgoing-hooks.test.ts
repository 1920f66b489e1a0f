import { expect, it } from "vitest";
import { MEMO, MEMO_CONFIG, memo } from "./memo-channel.ts";
import { contract } from "./support.ts";

it("[F124] reply_payload_sending rewrites and stops answers of turns, before message_sending sees them", async () => {
  const gateway = await contract(
    [
      {
        id: "probe",
        register: `
          api.on("reply_payload_sending", ({ payload, kind, channel }) => {
            seen.push({ kind, channel, text: payload.text });
            if (payload.text.includes("secret")) return { cancel: true, reason: "not for chats" };
            return { payload: { ...payload, text: payload.text + " [1]" } };
          });
          api.on("reply_payload_sending", ({ payload }) => ({ payload: { ...payload, text: payload.text + "[2]" } }), { priority: -1 });
          api.on("message_sending", ({ content }) => ({ content: content + "[3]" }));
          api.registerCommand({ name: "say", description: "Says.", acceptsArgs: true, handler: ({ args }) => ({ text: args }) });`,
      },
      MEMO,
    ],
    { config: MEMO_CONFIG },
  );
  const platform = memo(gateway);
  await platform.hear("alice", "/say hello");
  expect(await platform.next("hello")).toEqual({ to: "alice", text: "hello [1][2][3]" });
  const { inboxId } = await platform.hear("alice", "/say secret");
  await platform.hear("alice", "/say done");
  await platform.next("done");
  const { store } = gateway.gateway.services;
  expect(await store.call.outbox.explain({ idempotencyKey: `run:${inboxId}:0` })).toMatchObject({
    status: "cancelled",
    reason: "cancelled_by_reply_payload_sending_hook",
  });
  expect((await gateway.seen())[0]).toEqual({ kind: "final", channel: "memo", text: "hello" });
});

it("[F124] files of what plugins answer in the model's place go out with the text", async () => {
  const gallery = {
    ...MEMO,
    register: MEMO.register.replace(
      "async sendText({ to, text }) {",
      'async sendMedia({ to, text, mediaUrl }) { return this.sendText({ to, text: text + "|" + mediaUrl }); }, async sendText({ to, text }) {',
    ),
  };
  const gateway = await contract(
    [
      {
        register: `
          api.registerCommand({ name: "chart", description: "Draws.",
            handler: () => ({ text: "drawn", mediaUrl: "https://files.example/chart.png" }) });
          api.on("before_agent_reply", ({ cleanedBody }) => cleanedBody.includes("picture")
            ? { handled: true, reply: { mediaUrls: ["https://files.example/1.png", "https://files.example/2.png"] } } : undefined);`,
      },
      gallery,
    ],
    { config: MEMO_CONFIG },
  );
  const platform = memo(gateway);
  await platform.hear("alice", "/chart");
  await platform.next("drawn|https://files.example/chart.png");
  await platform.hear("alice", "a picture, please");
  await platform.next("|https://files.example/1.png");
  await platform.next("|https://files.example/2.png");
});
