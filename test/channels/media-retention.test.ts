import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MEDIA_LIFETIME_MS, sweepMedia } from "../../src/channels/media-retention.ts";
import { saveMediaBuffer } from "../../src/runtime/media/media-store.ts";
import { openStore } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { incoming } from "./support.ts";

const NOW = Date.UTC(2026, 5, 1);

async function place() {
  const folder = await temporaryFolder();
  const store = await openStore({ folder });
  const media = join(folder, "media");
  const save = async (ageMs: number, subdir = "inbound") => {
    const saved = await saveMediaBuffer(
      folder,
      Buffer.from("bytes"),
      "text/plain",
      subdir,
      undefined,
      "note.txt",
    );
    const at = new Date(NOW - ageMs);
    await utimes(saved.path, at, at);
    return saved;
  };
  const left = async (subdir = "inbound") => (await readdir(join(media, subdir))).sort();
  return { store, media, save, left };
}

test("received files go after a day, in every folder; younger ones and files of others stay", async () => {
  const { store, media, save, left } = await place();
  await save(MEDIA_LIFETIME_MS + 1);
  await save(MEDIA_LIFETIME_MS + 1, "stickers");
  const young = await save(MEDIA_LIFETIME_MS - 1_000);
  const foreign = join(media, "stickers", "pack.json");
  await writeFile(foreign, "{}");
  await utimes(foreign, new Date(0), new Date(0));
  expect(await sweepMedia(store, media, NOW)).toEqual({ deleted: 2 });
  expect(await left()).toEqual([young.id]);
  expect(await left("stickers")).toEqual(["pack.json"]);
  await store.dispose();
});

test("a file that an open message, turn or answer names stays until that has ended", async () => {
  const { store, media, save, left } = await place();
  const [inMessage, inTurn, inAnswer, unnamed] = await Promise.all(
    [1, 2, 3, 4].map((age) => save(MEDIA_LIFETIME_MS + age)),
  );
  await store.call.inbox.accept({
    inboxId: "open",
    channel: "memo",
    accountId: "default",
    messageId: "m",
    conversation: "c",
    payload: { v: 1, mode: "message", message: incoming({ text: `look at ${inMessage?.path}` }) },
    receivedAt: NOW,
  });
  await store.call.turns.accept({
    request: {
      runId: "r",
      sessionKey: "agent:main:main",
      agentId: "main",
      origin: "chat",
      text: String(inTurn?.path),
    },
    newSession: { sessionId: "s", lifecycleRevision: "1" },
    now: NOW,
  });
  await store.call.outbox.enqueue({
    drafts: [
      {
        outboxId: "o",
        idempotencyKey: "o",
        channel: "memo",
        accountId: "default",
        to: "ada",
        chunks: [""],
        media: { urls: [String(inAnswer?.path)] },
      },
    ],
    now: NOW,
  });
  expect(await sweepMedia(store, media, NOW)).toEqual({ deleted: 1 });
  expect(await left()).not.toContain(unnamed?.id);
  await store.call.inbox.ignore({ inboxId: "open", reason: "test", now: NOW });
  await store.call.turns.abort({ sessionKey: "agent:main:main", reason: "test", now: NOW });
  await store.call.outbox.cancel({ outboxId: "o", reason: "test", now: NOW });
  expect(await sweepMedia(store, media, NOW)).toEqual({ deleted: 3 });
  await store.dispose();
});

test("a gateway that never received a file has nothing to sweep", async () => {
  const { store, media } = await place();
  expect(await sweepMedia(store, media, NOW)).toEqual({ deleted: 0 });
  await mkdir(media);
  expect(await sweepMedia(store, media, NOW)).toEqual({ deleted: 0 });
  await store.dispose();
});
