import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partsOf } from "../../../src/channels/outbound/parts.ts";
import { MAX_REPLY_MEDIA, takeMediaLines } from "../../../src/channels/text/directives.ts";
import type { ChannelOutboundContext } from "../../../src/contracts/channel.ts";
import { partCount } from "../../../src/store/procedures/outbox-rows.ts";
import { call, type HookTable, type Script, say } from "../../runtime/agent/support.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { incoming, openChannels, testPlatform } from "../support.ts";

/** A platform that takes files, and what it was asked to send, in order. */
function gallery(
  fail: (context: ChannelOutboundContext, tries: number) => Error | undefined = () => undefined,
) {
  const memo = testPlatform();
  const asked: { text: string; mediaUrl?: string | undefined; part: string; voice?: unknown }[] = [];
  let tries = 0;
  const take = async (context: ChannelOutboundContext) => {
    tries += 1;
    const error = fail(context, tries);
    if (error) throw error;
    asked.push({
      text: context.text,
      ...(context.mediaUrl === undefined ? {} : { mediaUrl: context.mediaUrl }),
      part: `${context.deliveryPartIndex}/${context.deliveryPartCount}`,
      ...(context["audioAsVoice"] ? { voice: true } : {}),
    });
    return { messageId: `sent-${asked.length}` };
  };
  Object.assign(memo.plugin.outbound ?? {}, { sendText: take, sendMedia: take });
  return { memo, asked };
}

async function room(memo: ReturnType<typeof testPlatform>, answer: string, hooks: HookTable = {}) {
  const folder = await temporaryFolder();
  const workspace = join(folder, "workspace");
  await mkdir(workspace, { recursive: true });
  await writeFile(join(workspace, "chart.png"), "png");
  const opened = await openChannels({ platforms: [memo], folder, script: () => say(answer), hooks });
  await opened.channels.receive(incoming());
  await opened.settled();
  return { ...opened, workspace };
}

const WEB = "https://files.example/a.png";

describe("files of an answer", () => {
  test("the first goes with the text, the others follow in order; files are those of the workspace", async () => {
    const { memo, asked } = gallery();
    const { workspace, store } = await room(
      memo,
      `Look:\nMEDIA:chart.png\nMEDIA: ${WEB}\n[[audio_as_voice]]`,
    );
    expect(asked).toEqual([
      { text: "Look:", mediaUrl: join(workspace, "chart.png"), part: "0/2", voice: true },
      { text: "", mediaUrl: WEB, part: "1/2", voice: true },
    ]);
    expect((await store.call.outbox.counts({})).byStatus.delivered).toBe(1);
  });

  test("an answer may be nothing but a file", async () => {
    const { memo, asked } = gallery();
    await room(memo, `MEDIA:${WEB}`);
    expect(asked).toEqual([{ text: "", mediaUrl: WEB, part: "0/1" }]);
  });

  test("a file from anywhere else is named in words and stays where it is", async () => {
    const { memo, asked } = gallery();
    await room(memo, "Here.\nMEDIA:/etc/passwd\nMEDIA:../sluice.db");
    expect(asked).toEqual([
      { text: expect.stringMatching(/^Here\.\n\n\(passwd could not be sent/), part: "0/2" },
      { text: expect.stringContaining("(sluice.db could not be sent"), part: "1/2" },
    ]);
  });

  test("a channel that takes no files shows addresses", async () => {
    const memo = testPlatform();
    await room(memo, `Here.\nMEDIA:${WEB}\nMEDIA:chart.png`);
    expect(memo.sent.map(({ text }) => text)).toEqual([
      `Here.\n\n${WEB}`,
      "(chart.png could not be sent: this channel takes no files)",
    ]);
  });

  test("a second attempt goes on with the file that failed", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const { memo, asked } = gallery((_context, tries) => (tries === 2 ? refused : undefined));
    await room(memo, `Look:\nMEDIA:chart.png\nMEDIA:${WEB}`);
    expect(asked.map(({ part }) => part)).toEqual(["0/2", "1/2"]);
  });

  test("hooks see them and may take them away", async () => {
    const { memo, asked } = gallery();
    const seen: unknown[] = [];
    await room(memo, `Look:\nMEDIA:chart.png\nMEDIA:${WEB}`, {
      reply_payload_sending: (event: { payload: { mediaUrls: string[] } }) => {
        seen.push(event.payload.mediaUrls);
        return { payload: { ...event.payload, mediaUrls: [WEB], mediaUrl: undefined } };
      },
      message_sending: (event: { metadata: { mediaUrls: string[] } }) =>
        void seen.push(event.metadata.mediaUrls),
    } as HookTable);
    expect(seen).toEqual([["chart.png", WEB], [WEB]]);
    expect(asked).toEqual([{ text: "Look:", mediaUrl: WEB, part: "0/1" }]);
  });

  test("a plugin that delivers itself gets all of them at once", async () => {
    const { memo } = gallery();
    const opened = await openChannels({
      platforms: [memo],
      script: () => say(`Look:\nMEDIA:${WEB}\nMEDIA:${WEB}#2`),
    });
    const delivered: object[] = [];
    const reply = opened.channels.runtime.reply as unknown as {
      dispatchReplyWithBufferedBlockDispatcher(params: object): Promise<unknown>;
    };
    await reply.dispatchReplyWithBufferedBlockDispatcher({
      ctx: { RawBody: "hi", From: "ada", To: "ada", SenderId: "ada", Provider: "memo", MessageSid: "m" },
      cfg: {},
      dispatcherOptions: { deliver: (payload: object) => void delivered.push(payload) },
    });
    expect(delivered).toMatchObject([{ text: "Look:", mediaUrl: WEB, mediaUrls: [WEB, `${WEB}#2`] }]);
    await opened.settled();
    expect((await opened.store.call.outbox.counts({})).byStatus.delivered).toBe(1);
  });

  test("[F177] the message tool sends a file along", async () => {
    const { memo, asked } = gallery();
    const script: Script = (_context, _options, round) =>
      round === 0 ? call("message", { action: "send", message: "see", media: WEB }) : say("NO_REPLY");
    const opened = await openChannels({ platforms: [memo], script });
    await opened.channels.receive(incoming());
    await opened.settled();
    expect(asked).toEqual([{ text: "see", mediaUrl: WEB, part: "0/1" }]);
  });
});

describe("MEDIA: lines", () => {
  test("are taken from a line of their own, not from words or code", () => {
    expect(takeMediaLines("a\nMEDIA: `x y.png`\n\n\nb")).toEqual({ text: "a\n\nb", mediaUrls: ["x y.png"] });
    for (const text of ["write MEDIA:x.png", "```\nMEDIA:x.png\n```", "MEDIA:", "media: x"]) {
      expect(takeMediaLines(text)).toEqual({ text, mediaUrls: [] });
    }
    const many = Array.from({ length: MAX_REPLY_MEDIA + 1 }, (_, index) => `MEDIA:${index}.png`).join("\n");
    expect(takeMediaLines(many)).toMatchObject({ text: `MEDIA:${MAX_REPLY_MEDIA}.png` });
  });

  test("the number of calls is known before they are made", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 5 }),
        fc.array(fc.webUrl(), { maxLength: 5 }),
        (chunks, urls) => {
          const message = { chunks, media: { urls } };
          const parts = partsOf(message);
          expect(parts).toHaveLength(partCount(message));
          expect(parts.flatMap(({ mediaUrl }) => (mediaUrl === undefined ? [] : [mediaUrl]))).toEqual(urls);
          expect(parts.slice(0, chunks.length).map(({ text }) => text)).toEqual(chunks);
        },
      ),
    );
  });
});
