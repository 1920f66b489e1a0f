import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import type { SdkServices } from "../../src/contracts/sdk-services.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import {
  type ClaimableDedupeOptions,
  createClaimableDedupe,
} from "../../src/plugin-sdk/persistent-dedupe.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import { createKeyedStores } from "../../src/runtime/state/index.ts";
import { hooksOf } from "../runtime/agent/support.ts";
import { openTestStore } from "../store/support/core-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MEMORY = { ttlMs: 60_000, memoryMaxSize: 10 };

async function withFiles(): Promise<ClaimableDedupeOptions> {
  const folder = await temporaryFolder();
  return { ...MEMORY, fileMaxEntries: 2, resolveFilePath: (name) => join(folder, "seen", `${name}.json`) };
}

async function withStore(): Promise<ClaimableDedupeOptions> {
  const keyed = createKeyedStores({ store: await openTestStore(), clock: systemClock, logger: silentLogger });
  const services = { keyedStore: keyed.openKeyedStore.bind(keyed) } as unknown as SdkServices;
  const announced = announceSdkHost(() => ({}) as PluginRuntime, hooksOf(), services);
  onTestFinished(async () => {
    await announced.dispose();
    await keyed.dispose();
  });
  return { ...MEMORY, pluginId: "chat", namespacePrefix: "seen", stateMaxEntries: 10 };
}

describe("claims of keys that are handled once", () => {
  it.each([
    ["in memory", async () => MEMORY],
    ["with a file for each namespace", withFiles],
    ["with the plugin's store", withStore],
  ] as const)(
    "[F001] %s: one handler has a key, the others wait, then it is a duplicate",
    async (_name, make) => {
      const claims = createClaimableDedupe(await make());
      const work = { namespace: "work" };
      expect(await claims.claim("m1", work)).toEqual({ kind: "claimed" });
      const second = await claims.claim(" m1 ", work);
      if (second.kind !== "inflight") throw new Error(second.kind);
      expect((await claims.claim("m1", { namespace: "home" })).kind).toBe("claimed");
      expect(await claims.commit("m1", work)).toBe(true);
      expect(await second.pending).toBe(true);
      expect(await claims.claim("m1", work)).toEqual({ kind: "duplicate" });
      expect(await claims.commit("m1", work)).toBe(false);
      expect(await claims.hasRecent("m1", work)).toBe(true);
      expect(await claims.forget("m1", work)).toBe(true);
      expect(await claims.claim("m1", work)).toEqual({ kind: "claimed" });
      expect(await claims.claim("  ", work)).toEqual({ kind: "invalid" });
    },
  );

  it("what is given back can be claimed again; who waits hears why", async () => {
    const claims = createClaimableDedupe(MEMORY);
    await claims.claim("m1");
    const waiting = await claims.claim("m1");
    claims.release("m1", { error: new Error("no answer") });
    if (waiting.kind === "inflight") await expect(waiting.pending).rejects.toThrow("no answer");
    expect(await claims.claim("m1")).toEqual({ kind: "claimed" });
    const again = await claims.claim("m1");
    claims.release("m1");
    if (again.kind === "inflight") await expect(again.pending).rejects.toThrow("given back");
  });

  it.each([
    ["a file", withFiles],
    ["the plugin's store", withStore],
  ] as const)("knows after a restart what was committed, claimed or not, from %s", async (_name, make) => {
    const options = await make();
    const before = createClaimableDedupe(options);
    expect(await before.commit("m1", { namespace: "work" })).toBe(true);
    const after = createClaimableDedupe(options);
    expect(await after.claim("m1", { namespace: "work" })).toEqual({ kind: "duplicate" });
    expect(await createClaimableDedupe(options).warmup("work")).toBe(1);
    after.clearMemory();
    expect(after.memorySize()).toBe(0);
    expect(await after.commit("m1", { namespace: "work" })).toBe(false);
  });

  it("keeps the newest keys of a file, forgets them by age, and survives what it cannot read or write", async () => {
    const options = await withFiles();
    const path = "resolveFilePath" in options ? options.resolveFilePath("work") : "";
    const claims = createClaimableDedupe(options);
    const errors: unknown[] = [];
    const work = { namespace: "work", onDiskError: (error: unknown) => errors.push(error) };
    for (const key of ["a", "b", "c"]) await claims.commit(key, work);
    expect(Object.keys(JSON.parse(await readFile(path, "utf8")))).toEqual(["b", "c"]);
    const later = createClaimableDedupe(options);
    expect(await later.hasRecent("c", { ...work, now: Date.now() + MEMORY.ttlMs })).toBe(false);
    await writeFile(path, "{ half");
    expect(await later.hasRecent("c", work)).toBe(false);
    expect(errors).toEqual([]);
    const broken = createClaimableDedupe({
      ...options,
      resolveFilePath: () => join(path, "below-a-file.json"),
    } as ClaimableDedupeOptions);
    expect(await broken.commit("a", work)).toBe(true);
    expect(await broken.claim("a", work)).toEqual({ kind: "duplicate" });
    expect(errors).toHaveLength(1);
  });
});
