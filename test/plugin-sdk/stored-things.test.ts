import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import type { SdkServices } from "../../src/contracts/sdk-services.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import {
  buildHostedOutboundMediaResponseHeaders,
  createHostedOutboundMediaStore,
} from "../../src/plugin-sdk/outbound-media.ts";
import {
  createChannelReplayGuard,
  createPersistentDedupeImportEntry,
  migratePersistentDedupeLegacyJsonFile,
  runClaimableDedupeClaimLoop,
} from "../../src/plugin-sdk/persistent-dedupe.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import { createKeyedStores } from "../../src/runtime/state/index.ts";
import { hooksOf } from "../runtime/agent/support.ts";
import { openTestStore } from "../store/support/core-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function stores() {
  const keyed = createKeyedStores({ store: await openTestStore(), clock: systemClock, logger: silentLogger });
  const services = { keyedStore: keyed.openKeyedStore.bind(keyed) } as unknown as SdkServices;
  const announced = announceSdkHost(() => ({}) as PluginRuntime, hooksOf(), services);
  onTestFinished(async () => {
    await announced.dispose();
    await keyed.dispose();
  });
  return keyed;
}

const dedupe = {
  pluginId: "chat",
  namespacePrefix: "chat.seen",
  ttlMs: 60_000,
  memoryMaxSize: 10,
  stateMaxEntries: 100,
};
const guard = () => createChannelReplayGuard<string>({ dedupe, buildReplayKey: (id) => id });

describe("a guard against repeated deliveries", () => {
  it("lets one handler have an event, tells the others, and knows it after a restart", async () => {
    await stores();
    const first = guard();
    const claim = await first.claim("m1");
    if (claim.kind !== "claimed") throw new Error(claim.kind);
    const second = await first.claim("m1");
    expect(second.kind).toBe("inflight");
    expect(await first.hasRecent("m1")).toBe(false);
    expect(await claim.handle.commit()).toBe(true);
    expect(await claim.handle.commit()).toBe(false);
    if (second.kind === "inflight") expect(await second.pending).toBe(true);
    expect(await first.claim("m1")).toEqual({ kind: "duplicate" });
    const restarted = guard();
    expect(await restarted.claim("m1")).toEqual({ kind: "duplicate" });
    expect(await guard().warmup()).toBe(1);
    expect((await restarted.claim("m1", { namespace: "other" })).kind).toBe("claimed");
    expect(await restarted.forget("m1")).toBe(true);
    expect((await restarted.claim("m1")).kind).toBe("claimed");
    expect(await restarted.claim("  ")).toEqual({ kind: "invalid" });
  });

  it("what was given back can be claimed by who waited; the reason is theirs to judge", async () => {
    await stores();
    const shared = guard();
    const claim = await shared.claim("m1");
    if (claim.kind !== "claimed") throw new Error(claim.kind);
    const waiting = runClaimableDedupeClaimLoop(() => shared.claim("m1"));
    await Promise.resolve();
    claim.handle.release({ error: new Error("tired") });
    expect((await waiting).kind).toBe("claimed");
    const strict = runClaimableDedupeClaimLoop(
      async () => ({ kind: "inflight", pending: Promise.reject(new Error("no")) }),
      () => false,
    );
    await expect(strict).rejects.toThrow("no");
  });

  it("works in memory when the store fails, and says so", async () => {
    const errors: unknown[] = [];
    const services = {
      keyedStore: () => {
        throw new Error("disk");
      },
    } as unknown as SdkServices;
    const announced = announceSdkHost(() => ({}) as PluginRuntime, hooksOf(), services);
    onTestFinished(() => void announced.dispose());
    const failing = guard();
    const claim = await failing.claim("m1", { onDiskError: (error) => errors.push(error) });
    if (claim.kind === "claimed") await claim.handle.commit();
    expect(await failing.claim("m1")).toEqual({ kind: "duplicate" });
    expect(errors.length).toBeGreaterThan(0);
  });

  it("takes over what an older version kept in a file", async () => {
    await stores();
    const now = Date.now();
    const filePath = join(await temporaryFolder(), "seen.json");
    await writeFile(filePath, JSON.stringify({ m1: now - 1_000, m2: now - 120_000, m3: "x" }));
    const migrate = () => migratePersistentDedupeLegacyJsonFile({ ...dedupe, filePath, namespace: "work" });
    expect(await migrate()).toEqual({ imported: 1, skippedExpired: 1, skippedExisting: 0 });
    expect(await migrate()).toEqual({ imported: 0, skippedExpired: 1, skippedExisting: 1 });
    expect(await guard().hasRecent("m1", { namespace: "work" })).toBe(true);
    const entry = createPersistentDedupeImportEntry({ key: "m1", seenAt: 5, ttlMs: 0.5 });
    expect(entry).toMatchObject({ value: { key: "m1", seenAt: 5 }, ttlMs: 1 });
  });
});

describe("attachments that a platform fetches", () => {
  async function hosted(more: object = {}) {
    const keyed = await stores();
    return createHostedOutboundMediaStore({
      metadataStore: keyed.openKeyedStore("chat", { namespace: "media", maxEntries: 10 }),
      chunkStore: keyed.openKeyedStore("chat", { namespace: "pieces", maxEntries: 100 }),
      ttlMs: 60_000,
      maxEntries: 2,
      maxChunkRows: 8,
      ...more,
    });
  }
  const prepare = async (store: Awaited<ReturnType<typeof hosted>>, bytes: number) => {
    const url = new URL(
      await store.prepareUrl({
        mediaUrl: `data:image/png;base64,${Buffer.alloc(bytes, 7).toString("base64")}`,
        routePath: "/chat/media/",
        publicBaseUrl: "https://gateway.example",
        maxBytes: 1_000_000,
      }),
    );
    return { url, id: url.pathname.split("/").at(-1) as string };
  };

  it("have an address with a token, come whole out of their pieces, and go", async () => {
    const store = await hosted();
    const { url, id } = await prepare(store, 70_000);
    expect(url.href).toMatch(/^https:\/\/gateway\.example\/chat\/media\/[a-f0-9]{24}\?token=/);
    const entry = await store.read(id);
    expect(entry?.buffer.equals(Buffer.alloc(70_000, 7))).toBe(true);
    expect(entry?.metadata).toMatchObject({
      routePath: "/chat/media/",
      token: url.searchParams.get("token"),
      byteLength: 70_000,
      contentType: "image/png",
    });
    expect(await store.read(id, Date.now() + 60_001)).toBeUndefined();
    await store.delete(id);
    expect(await store.readMetadata(id)).toBeUndefined();
  });

  it("make room for the newest, or are refused, as the store was told", async () => {
    const store = await hosted();
    const [first, second] = [await prepare(store, 10), await prepare(store, 10)];
    await prepare(store, 10);
    expect(await store.readMetadata(first.id)).toBeUndefined();
    expect(await store.readMetadata(second.id)).toBeDefined();
    await store.cleanupExpired(Date.now() + 60_001);
    expect(await store.readMetadata(second.id)).toBeUndefined();
    const strict = await hosted({ overflowPolicy: "reject-new", maxTotalBytes: 15 });
    await prepare(strict, 10);
    await expect(prepare(strict, 10)).rejects.toMatchObject({ code: "MEDIA_STORE_FULL" });
  });

  it("are never cached and never run", () => {
    const headers = buildHostedOutboundMediaResponseHeaders(
      { byteLength: 3, contentType: "text/html", fileName: 'a"ü.html' },
      { fallbackFileName: "x.bin" },
    );
    expect(headers).toMatchObject({
      "Content-Length": "3",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    });
    expect(headers["Content-Disposition"]).toMatch(/^attachment; filename="a__.html"/);
    const shown = buildHostedOutboundMediaResponseHeaders({ byteLength: 3, contentType: "image/png" });
    expect(shown["Content-Disposition"]).toMatch(/^inline; filename="attachment.bin"/);
  });
});
