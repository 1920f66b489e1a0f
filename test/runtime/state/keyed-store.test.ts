import { describe, expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { createKeyedStores, type KeyedStores } from "../../../src/runtime/state/index.ts";
import type { KeyedStoreLimits } from "../../../src/runtime/state/namespace.ts";
import type { Store } from "../../../src/store/index.ts";
import { openTestStore } from "../../store/support/core-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

interface Fixture {
  clock: ManualClock;
  stores: KeyedStores;
  store: Store;
}

async function fixture(limits?: KeyedStoreLimits, folder?: string): Promise<Fixture> {
  const clock = new ManualClock();
  const store = await openTestStore(folder);
  const stores = createKeyedStores({
    store,
    clock,
    logger: silentLogger,
    ...(limits ? { limits: () => limits } : {}),
  });
  onTestFinished(() => stores.dispose());
  return { clock, stores, store };
}

const options = { namespace: "things", maxEntries: 100 };

describe("[F224] openKeyedStore", () => {
  it("stores, reads, consumes, deletes, counts and clears", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore<unknown>("p", options);
    await things.register("a", { deep: [1, "two", null, true] });
    await things.register("n", null);
    expect(await things.lookup("a")).toEqual({ deep: [1, "two", null, true] });
    expect(await things.lookup("n")).toBeNull();
    expect(await things.lookupMany(["n", "missing", "a"])).toEqual([
      null,
      undefined,
      { deep: [1, "two", null, true] },
    ]);
    expect(await things.count()).toBe(2);
    expect(await things.consume("a")).toEqual({ deep: [1, "two", null, true] });
    expect(await things.consume("a")).toBeUndefined();
    expect(await things.delete("n")).toBe(true);
    expect(await things.delete("n")).toBe(false);
    await things.register("b", 1);
    await things.clear();
    expect(await things.entries()).toEqual([]);
  });

  it("applies what was decided on an observed row, and only while it is as it was seen", async () => {
    const { stores, clock } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    const absent = await things.observe("k");
    expect(absent.value).toBeUndefined();
    const set = (value: number) => ({ operation: "update", action: "set", value }) as const;
    expect(await things.compareAndApply("k", absent.comparison, set(1))).toEqual({ status: "applied" });
    const late = await things.compareAndApply("k", absent.comparison, set(2));
    expect(late).toMatchObject({ status: "conflict", current: { value: 1 } });
    const seen = await things.observe("k");
    const keep = { operation: "update", action: "keep" } as const;
    expect(await things.compareAndApply("k", seen.comparison, keep)).toEqual({ status: "unchanged" });
    expect(await things.compareAndApply("k", absent.comparison, keep)).toMatchObject({ status: "conflict" });

    clock.advance(5);
    await things.register("k", 1);
    const remove = { operation: "delete", action: "delete" } as const;
    // The same value, but written anew: not the row that was seen.
    expect(await things.compareAndApply("k", seen.comparison, remove)).toMatchObject({ status: "conflict" });
    const again = await things.observe("k");
    expect(await things.compareAndApply("k", again.comparison, remove)).toEqual({ status: "applied" });
    expect(await things.lookup("k")).toBeUndefined();
    expect(await things.compareAndApply("k", null, remove)).toEqual({ status: "unchanged" });
    await expect(things.compareAndApply("k", { made: "up" }, remove)).rejects.toMatchObject({
      code: "PLUGIN_STATE_INVALID_INPUT",
    });
  });

  it("survives a restart and keeps plugins and namespaces apart", async () => {
    const folder = await temporaryFolder();
    const first = await fixture(undefined, folder);
    await first.stores.openKeyedStore("p", options).register("k", "of p");
    await first.stores.openKeyedStore("q", options).register("k", "of q");
    await first.stores.openKeyedStore("p", { ...options, namespace: "other" }).register("k", "elsewhere");
    await first.store.dispose();
    const { stores } = await fixture(undefined, folder);
    const things = stores.openKeyedStore("p", options);
    expect(await things.lookup("k")).toBe("of p");
    await things.clear();
    expect(await stores.openKeyedStore("q", options).lookup("k")).toBe("of q");
    expect(await stores.openKeyedStore("p", { ...options, namespace: "other" }).lookup("k")).toBe(
      "elsewhere",
    );
  });

  it("registerIfAbsent leaves a live row alone and takes the place of an expired one", async () => {
    const { stores, clock } = await fixture();
    const things = stores.openKeyedStore<string>("p", options);
    expect(await things.registerIfAbsent("k", "first", { ttlMs: 100 })).toBe(true);
    const [before] = await things.entries();
    await clock.advance(99);
    expect(await things.registerIfAbsent("k", "second", { ttlMs: 9_999 })).toBe(false);
    expect(await things.entries()).toEqual([before]);
    await clock.advance(1);
    expect(await things.registerIfAbsent("k", "third")).toBe(true);
    expect(await things.lookup("k")).toBe("third");
  });

  it("lets exactly one of many racing callers register or consume", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, index) => things.registerIfAbsent("k", index)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    const consumed = await Promise.all(Array.from({ length: 50 }, () => things.consume("k")));
    expect(consumed.filter((value) => value !== undefined)).toHaveLength(1);
  });

  it("hides a row at the instant it expires, everywhere", async () => {
    const { stores, clock } = await fixture();
    const things = stores.openKeyedStore<number>("p", { ...options, defaultTtlMs: 1_000 });
    await things.register("default", 1);
    await things.register("own", 2, { ttlMs: 500 });
    await clock.advance(499);
    expect(await things.count()).toBe(2);
    await clock.advance(1);
    expect(await things.lookup("own")).toBeUndefined();
    expect(await things.consume("own")).toBeUndefined();
    expect(await things.delete("own")).toBe(false);
    expect((await things.entries()).map((entry) => entry.key)).toEqual(["default"]);
    await clock.advance(500);
    expect(await things.count()).toBe(0);
  });

  it("evicts the oldest of the namespace by creation time, then key, never the row just written", async () => {
    const { stores, clock } = await fixture();
    const things = stores.openKeyedStore<number>("p", { namespace: "small", maxEntries: 3 });
    for (const key of ["c", "b", "a"]) await things.register(key, 1);
    await things.register("0", 1);
    expect((await things.entries()).map((entry) => entry.key)).toEqual(["0", "b", "c"]);
    await clock.advance(1);
    await things.register("b", 2);
    await clock.advance(1);
    await things.register("z", 1);
    expect((await things.entries()).map((entry) => entry.key)).toEqual(["c", "b", "z"]);
  });

  it("refuses instead of evicting when told to, but still overwrites", async () => {
    const { stores, clock } = await fixture();
    const things = stores.openKeyedStore<number>("p", {
      namespace: "full",
      maxEntries: 2,
      overflowPolicy: "reject-new",
    });
    await things.register("a", 1, { ttlMs: 10 });
    await things.register("b", 1);
    await expect(things.register("c", 1)).rejects.toMatchObject({
      code: "PLUGIN_STATE_LIMIT_EXCEEDED",
      operation: "register",
    });
    await things.register("b", 2);
    await clock.advance(10);
    await things.register("c", 1);
    expect((await things.entries()).map((entry) => entry.key)).toEqual(["b", "c"]);
  });

  it("holds 1,000 rows per plugin over all namespaces and never gets stuck at the limit", async () => {
    const { stores } = await fixture();
    const [one, two] = ["one", "two"].map((namespace) =>
      stores.openKeyedStore<number>("p", { namespace, maxEntries: 5_000 }),
    ) as [ReturnType<typeof stores.openKeyedStore<number>>, ReturnType<typeof stores.openKeyedStore<number>>];
    await Promise.all(Array.from({ length: 600 }, (_, index) => one.register(`k${index}`, index)));
    await Promise.all(Array.from({ length: 400 }, (_, index) => two.register(`k${index}`, index)));
    await expect(two.register("more", 1)).rejects.toMatchObject({ code: "PLUGIN_STATE_LIMIT_EXCEEDED" });
    expect(await two.lookup("more")).toBeUndefined();
    expect(await one.count()).toBe(600);
    await two.register("k0", 99);
    await stores.openKeyedStore("q", options).register("mine", 1);
    await two.delete("k1");
    await two.register("more", 1);
    expect(await two.lookup("k0")).toBe(99);
  });

  it("refuses a value of 65,536 bytes and takes one of 65,535", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore<string>("p", options);
    await things.register("k", "x".repeat(65_533));
    await expect(things.register("k", "x".repeat(65_534))).rejects.toMatchObject({
      code: "PLUGIN_STATE_LIMIT_EXCEEDED",
      details: { maxValueBytes: 65_536 },
    });
    await expect(things.register("k", "é".repeat(32_768))).rejects.toMatchObject({
      code: "PLUGIN_STATE_LIMIT_EXCEEDED",
    });
    expect((await things.lookup("k"))?.length).toBe(65_533);
  });

  it("follows raised limits", async () => {
    const { stores } = await fixture({ maxValueBytes: 1_000_000, maxRowsPerPlugin: 2 });
    const things = stores.openKeyedStore<string>("p", options);
    await things.register("a", "x".repeat(500_000));
    await things.register("b", "");
    await expect(things.register("c", "")).rejects.toMatchObject({ code: "PLUGIN_STATE_LIMIT_EXCEEDED" });
  });

  it.each([
    ["undefined", undefined],
    ["undefined inside", { a: undefined }],
    ["a hole", new Array(2)],
    ["NaN", Number.NaN],
    ["a bigint", 1n],
    ["a function", { f() {} }],
    ["a class instance", new Date(0)],
    ["a map", new Map()],
    ["a reserved key", JSON.parse('{"__proto__":{"polluted":1}}')],
  ])("refuses %s as a value", async (_name, value) => {
    const { stores } = await fixture();
    await expect(stores.openKeyedStore<unknown>("p", options).register("k", value)).rejects.toMatchObject({
      code: "PLUGIN_STATE_INVALID_INPUT",
      operation: "register",
    });
  });

  it("takes 64 levels and refuses 65, cycles and explosions of shared parts", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore<unknown>("p", options);
    const nest = (levels: number) => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = [value];
      return value;
    };
    await things.register("deep", nest(64));
    await expect(things.register("deep", nest(65))).rejects.toMatchObject({
      code: "PLUGIN_STATE_INVALID_INPUT",
    });
    const cycle: unknown[] = [];
    cycle.push(cycle);
    await expect(things.register("cycle", cycle)).rejects.toMatchObject({
      code: "PLUGIN_STATE_INVALID_INPUT",
    });
    let bomb: unknown = "x";
    for (let level = 0; level < 60; level++) bomb = [bomb, bomb];
    await expect(things.register("bomb", bomb)).rejects.toMatchObject({
      code: "PLUGIN_STATE_LIMIT_EXCEEDED",
    });
  });

  it("checks keys, times to live and namespaces at their edges", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    await things.register("k".repeat(512), 1);
    for (const key of ["", "  ", "k".repeat(513), "é".repeat(257), "\ud800"]) {
      await expect(things.register(key, 1)).rejects.toMatchObject({ code: "PLUGIN_STATE_INVALID_INPUT" });
    }
    for (const ttlMs of [0, -1, 1.5, Number.NaN, Number.MAX_VALUE]) {
      await expect(things.register("k", 1, { ttlMs })).rejects.toMatchObject({
        code: "PLUGIN_STATE_INVALID_INPUT",
      });
    }
    await expect(things.lookupMany(Array.from({ length: 10_001 }, () => "k"))).rejects.toMatchObject({
      code: "PLUGIN_STATE_INVALID_INPUT",
    });
    expect(() => stores.openKeyedStore("p", { namespace: "n".repeat(128), maxEntries: 1 })).not.toThrow();
    for (const namespace of ["", ".hidden", "a/b", "ü", "n".repeat(129)]) {
      expect(() => stores.openKeyedStore("p", { namespace, maxEntries: 1 })).toThrow(/namespace/);
    }
    for (const maxEntries of [0, -1, 1.5, Number.NaN]) {
      expect(() => stores.openKeyedStore("p", { namespace: "m", maxEntries })).toThrow(/maxEntries/);
    }
  });

  it("refuses to open a namespace again with other options, until the plugin is released", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore("p", options);
    expect(stores.openKeyedStore("p", { ...options, overflowPolicy: "evict-oldest" })).toBe(things);
    expect(() => stores.openKeyedStore("p", { ...options, maxEntries: 5 })).toThrow(
      expect.objectContaining({ code: "PLUGIN_STATE_INVALID_INPUT", operation: "open" }),
    );
    stores.openKeyedStore("q", { ...options, maxEntries: 5 });
    stores.release("p");
    expect(() => stores.openKeyedStore("p", { ...options, maxEntries: 5 })).not.toThrow();
  });

  it("updates without losing a change, keeps the creation time and refuses async functions", async () => {
    const { stores, clock } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    await things.register("n", 0, { ttlMs: 5_000 });
    const [before] = await things.entries();
    await clock.advance(10);
    await Promise.all(Array.from({ length: 200 }, () => things.update("n", (value) => (value ?? 0) + 1)));
    expect(await things.lookup("n")).toBe(200);
    expect((await things.entries())[0]).toEqual({ ...before, value: 200 });
    expect(await things.update("n", () => undefined)).toBe(false);
    expect(await things.update("new", (value) => (value === undefined ? 1 : 2))).toBe(true);
    const asynchronous = (async () => 1) as unknown as () => number;
    await expect(things.update("n", asynchronous)).rejects.toMatchObject({
      code: "PLUGIN_STATE_INVALID_INPUT",
    });
    const failing = () => {
      throw new RangeError("mine");
    };
    await expect(things.update("n", failing)).rejects.toThrow(RangeError);
  });

  it("deletes by predicate and by equality only what is live and matches", async () => {
    const { stores } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    await things.register("k", 5);
    expect(await things.deleteIf("k", (value) => value > 5)).toBe(false);
    expect(await things.deleteIfEqual("k", "5")).toBe(false);
    expect(await things.deleteIf("missing", () => true)).toBe(false);
    expect(await things.deleteIfEqual("k", 5)).toBe(true);
    await things.register("k", 6);
    expect(await things.deleteIf("k", (value) => value > 5)).toBe(true);
    expect(await things.count()).toBe(0);
  });

  it("reports a damaged row when it is read, leaves it out of a list, and lets it be deleted", async () => {
    const { stores, store } = await fixture();
    const things = stores.openKeyedStore<unknown>("p", options);
    await things.register("good", 1);
    await store.call.keyedState.register({
      pluginId: "p",
      namespace: "things",
      key: "bad",
      valueJson: '{"cut',
      now: 0,
      expiresAt: null,
      maxEntries: 10,
      overflow: "evict-oldest",
      maxRows: 10,
    });
    for (const read of [things.lookup("bad"), things.consume("bad"), things.update("bad", () => 1)]) {
      await expect(read).rejects.toMatchObject({ code: "PLUGIN_STATE_CORRUPT" });
    }
    expect((await things.entries()).map((entry) => entry.key)).toEqual(["good"]);
    expect(await things.delete("bad")).toBe(true);
    expect(await things.lookup("bad")).toBeUndefined();
  });

  it("sweeps expired rows by itself every ten minutes and stops when disposed", async () => {
    const { stores, clock, store } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    await Promise.all(
      Array.from({ length: 90 }, (_, index) => things.register(`k${index}`, 1, { ttlMs: 1_000 })),
    );
    await clock.advance(600_000);
    await stores.dispose();
    expect(clock.armed).toBe(0);
    // Nothing is left to sweep, and at the time of registration every row would be visible again.
    const address = { pluginId: "p", namespace: "things", now: clock.now() - 600_000 };
    expect(await store.call.keyedState.count(address)).toBe(0);
  });

  it("reports a closed store in the contract's words", async () => {
    const { stores, store } = await fixture();
    const things = stores.openKeyedStore<number>("p", options);
    await store.dispose();
    await expect(things.lookup("k")).rejects.toMatchObject({
      code: "PLUGIN_STATE_READ_FAILED",
      operation: "lookup",
    });
    await expect(things.register("k", 1)).rejects.toMatchObject({ code: "PLUGIN_STATE_WRITE_FAILED" });
  });
});
