import fc from "fast-check";
import { expect, it } from "vitest";
import { BoundedQueue } from "../../src/kernel/bounded-queue.ts";

it("refuses one item more than it holds, and takes items again afterwards", () => {
  const queue = new BoundedQueue<number>(2, "letters");
  queue.push(1);
  queue.push(2);
  expect(() => queue.push(3)).toThrow(
    expect.objectContaining({ code: "QUEUE_FULL", retryable: true, details: { capacity: 2 } }),
  );
  expect(queue.shift()).toBe(1);
  queue.push(3);
  expect(queue.drain()).toEqual([2, 3]);
  expect(queue.shift()).toBeUndefined();
});

it("refuses items once closed and still gives out what it has", () => {
  const queue = new BoundedQueue<number>(2);
  queue.push(1);
  queue.close();
  expect(() => queue.push(2)).toThrow(expect.objectContaining({ code: "QUEUE_CLOSED" }));
  expect(queue.drain(5)).toEqual([1]);
});

it("can not be made without a sensible capacity", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN])
    expect(() => new BoundedQueue(capacity)).toThrow(RangeError);
});

it("is first in, first out under any mix of operations, over any length", () => {
  const operation = fc.oneof(
    fc.nat(3_000).map((count) => -count),
    fc.integer({ min: 1, max: 3_000 }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
      const queue = new BoundedQueue<number>(5_000);
      const model: number[] = [];
      let next = 0;
      for (const count of operations) {
        if (count > 0) {
          for (let index = 0; index < count && model.length < 5_000; index++) {
            queue.push(next);
            model.push(next++);
          }
        } else expect(queue.drain(-count)).toEqual(model.splice(0, -count));
        expect(queue.size).toBe(model.length);
      }
    }),
    { numRuns: 30 },
  );
});
