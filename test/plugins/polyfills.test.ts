import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { addMissingGlobals } from "../../src/plugins/loading/polyfills.ts";

it("gives plugins the globals that Node 20 lacks, and keeps what is there", async () => {
  const before = (Promise as { withResolvers?: unknown }).withResolvers;
  addMissingGlobals();
  const { withResolvers } = Promise as unknown as {
    withResolvers(): { promise: Promise<number>; resolve(value: number): void };
  };
  if (before) expect(withResolvers).toBe(before);
  const { promise, resolve } = withResolvers.call(Promise);
  resolve(7);
  expect(await promise).toBe(7);
  expect(typeof WebSocket).toBe("function");
  expect(WebSocket.CLOSED).toBe(3);
  const { markAsUncloneable } = createRequire(import.meta.url)("node:worker_threads") as {
    markAsUncloneable(value: object): void;
  };
  expect(markAsUncloneable({})).toBeUndefined();
});
