import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  MAX_ATTACHED_BYTES,
  MAX_ATTACHED_FILES,
} from "../../../src/channels/outbound/session-attachments.ts";
import type { SessionAttachment } from "../../../src/contracts/capabilities.ts";
import type { ChannelOutboundContext } from "../../../src/contracts/channel.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { incoming, openChannels, testPlatform } from "../support.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=",
  "base64",
);

/** A session that alice spoke in, whose platform takes files. */
async function conversation(options: { deliveryMode?: "direct" | "gateway"; fail?: Error } = {}) {
  const memo = testPlatform();
  const asked: Partial<ChannelOutboundContext>[] = [];
  const take = async (context: ChannelOutboundContext) => {
    if (options.fail && context.mediaUrl !== undefined) throw options.fail;
    asked.push(context);
    return { messageId: `sent-${asked.length}` };
  };
  Object.assign(memo.plugin.outbound ?? {}, {
    sendText: take,
    sendMedia: take,
    deliveryMode: options.deliveryMode ?? "direct",
  });
  const folder = await temporaryFolder();
  const workspace = join(folder, "workspace");
  await mkdir(workspace, { recursive: true });
  await writeFile(join(workspace, "chart.png"), PNG);
  await writeFile(join(workspace, "notes.txt"), "notes");
  const { channels, settled, store } = await openChannels({ platforms: [memo], folder });
  const heard = await channels.receive(incoming());
  await settled();
  asked.length = 0;
  const sessionKey = (heard as { sessionKey: string }).sessionKey;
  const attach = (more: Partial<SessionAttachment> = {}) =>
    channels.sendAttachment("camera", { sessionKey, files: [{ path: "chart.png" }], ...more });
  return { asked, attach, folder, workspace, store, channels };
}

describe("attachments of plugins", () => {
  it("[F105] go to where the session's conversation is, words with the first file, hints to the channel", async () => {
    const { asked, attach, workspace, store } = await conversation();
    const answer = await attach({
      text: "a < b",
      files: [{ path: "chart.png" }, { path: join(workspace, "notes.txt") }],
      threadId: "explicit",
      channelHints: { parseMode: "HTML", silent: true, threadId: 7 },
      forceDocument: true,
    });
    const to = asked[0]?.to as string;
    expect(answer).toEqual({ ok: true, channel: "memo", deliveredTo: to, count: 2 });
    const hints = { threadId: "7", silent: true, forceDocument: true, formatting: { parseMode: "HTML" } };
    expect(asked).toMatchObject([
      { text: "a &lt; b", mediaUrl: join(workspace, "chart.png"), ...hints },
      { text: "", mediaUrl: join(workspace, "notes.txt"), ...hints },
    ]);
    const { byStatus } = await store.call.outbox.counts({});
    expect(byStatus).toMatchObject({ delivered: 2, queued: 0, dead: 0 });
  });

  it("[F105] words that are HTML already stay as they are, and without hints nothing is hinted", async () => {
    const { asked, attach } = await conversation();
    await attach({ text: "<b>x</b>", captionFormat: "html" });
    await attach({ text: "a < b" });
    expect(asked.map(({ text, formatting, silent }) => ({ text, formatting, silent }))).toEqual([
      { text: "<b>x</b>", formatting: { parseMode: "HTML" }, silent: undefined },
      { text: "a < b", formatting: undefined, silent: undefined },
    ]);
  });

  it("[F105] a file must be what it is said to be", async () => {
    const { attach } = await conversation();
    const forced = { channelHints: { forceDocumentMime: "image/png" } };
    expect(await attach(forced)).toMatchObject({ ok: true });
    expect(await attach({ ...forced, files: [{ path: "notes.txt" }] })).toEqual({
      ok: false,
      error: "notes.txt is not image/png",
    });
  });

  it("[F105] are refused with the reason, and nothing is queued", async () => {
    const { attach, folder, workspace, store } = await conversation();
    await symlink(join(workspace, "chart.png"), join(workspace, "link.png"));
    await writeFile(join(folder, "outside.png"), PNG);
    const files = (...paths: string[]) => ({ files: paths.map((path) => ({ path })) });
    const cases: [Partial<SessionAttachment>, string][] = [
      [{ sessionKey: " " }, "sessionKey is missing"],
      [{ sessionKey: "agent:main:nobody" }, 'there is no session "agent:main:nobody"'],
      [{ files: [] }, "expected 1 to 10 items"],
      [files(...Array<string>(MAX_ATTACHED_FILES + 1).fill("chart.png")), "expected 1 to 10 items"],
      [files("gone.png"), "gone.png is not a regular file"],
      [files("link.png"), "link.png is not a regular file"],
      [files(""), "an item has no path"],
      [files(join(folder, "outside.png")), "is not a file of the workspace"],
      [{ ...files("notes.txt", "notes.txt"), maxBytes: 9 }, "makes it more than 9 bytes"],
    ];
    for (const [more, error] of cases) {
      expect(await attach(more)).toEqual({ ok: false, error: expect.stringContaining(error) });
    }
    expect((await store.call.outbox.counts({})).byStatus).toMatchObject({ delivered: 1, queued: 0 });
  });

  it("[F105] take as many files and bytes as the limits say, all files together", async () => {
    const { attach, workspace } = await conversation();
    await writeFile(join(workspace, "big.bin"), "");
    await truncate(join(workspace, "big.bin"), MAX_ATTACHED_BYTES - 5);
    const big = [{ path: "big.bin" }, { path: "notes.txt" }];
    expect(await attach({ files: big })).toMatchObject({ ok: true, count: 2 });
    expect(
      await attach({ files: [...big, { path: "notes.txt" }], maxBytes: 10 * MAX_ATTACHED_BYTES }),
    ).toEqual({
      ok: false,
      error: `notes.txt makes it more than ${MAX_ATTACHED_BYTES} bytes`,
    });
    const many = Array.from({ length: MAX_ATTACHED_FILES }, () => ({ path: "notes.txt" }));
    expect(await attach({ files: many })).toMatchObject({ ok: true, count: MAX_ATTACHED_FILES });
  });

  it("[F105] are refused where the channel does not deliver by itself, and say when the platform did", async () => {
    const elsewhere = await conversation({ deliveryMode: "gateway" });
    expect(await elsewhere.attach()).toMatchObject({ ok: false, error: expect.stringContaining("directly") });
    const { attach } = await conversation({
      fail: Object.assign(new Error("no such chat"), { status: 400 }),
    });
    expect(await attach()).toMatchObject({
      ok: false,
      error: expect.stringContaining("it was not delivered"),
    });
  });
});
