import { expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { createKeyedStores } from "../../../src/runtime/state/index.ts";
import { openTestStore } from "../../store/support/core-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const options = { namespace: "things", maxEntries: 10 };

it("does everything the waiting form does, at once and on the same rows", async () => {
  const stores = createKeyedStores({
    store: await openTestStore(),
    clock: new ManualClock(),
    logger: silentLogger,
  });
  onTestFinished(() => stores.dispose());
  const things = stores.openSyncKeyedStore<number>("p", options);
  const waiting = stores.openKeyedStore<number>("p", options);
  const earlier = waiting.register("a", 1);
  expect(things.lookup("a")).toBe(1);
  await earlier;
  expect(things.registerIfAbsent("a", 2)).toBe(false);
  expect(things.update("a", (value) => (value ?? 0) + 10)).toBe(true);
  expect(things.lookupMany(["a", "b"])).toEqual([11, undefined]);
  expect(things.entries()).toMatchObject([{ key: "a", value: 11 }]);
  expect(things.deleteIf("a", (value) => value === 0)).toBe(false);
  expect(things.deleteIfEqual("a", 11)).toBe(true);
  things.register("b", 2);
  expect(things.count()).toBe(1);
  expect(things.consume("b")).toBe(2);
  expect(things.delete("b")).toBe(false);
  things.register("c", 3);
  things.clear();
  expect(await waiting.count()).toBe(0);
});

it("throws the contract's errors at the call", async () => {
  const stores = createKeyedStores({
    store: await openTestStore(),
    clock: new ManualClock(),
    logger: silentLogger,
  });
  onTestFinished(() => stores.dispose());
  const things = stores.openSyncKeyedStore<unknown>("p", {
    ...options,
    maxEntries: 1,
    overflowPolicy: "reject-new",
  });
  things.register("a", 1);
  expect(() => things.register("b", 1)).toThrow(
    expect.objectContaining({ code: "PLUGIN_STATE_LIMIT_EXCEEDED" }),
  );
  expect(() => things.register("a", () => 1)).toThrow(
    expect.objectContaining({ code: "PLUGIN_STATE_INVALID_INPUT", operation: "register" }),
  );
  expect(() => things.update("a", () => Promise.resolve(1))).toThrow(/must not be async/);
});

it("has a write on disk when the call returns", async () => {
  const folder = await temporaryFolder();
  const store = await openTestStore(folder);
  const clock = new ManualClock();
  createKeyedStores({ store, clock, logger: silentLogger }).openSyncKeyedStore("p", options).register("k", 1);
  await store.backup(`${folder}/copy.db`);
  await store.dispose();
  const again = createKeyedStores({ store: await openTestStore(folder), clock, logger: silentLogger });
  onTestFinished(() => again.dispose());
  expect(again.openSyncKeyedStore("p", options).lookup("k")).toBe(1);
});
