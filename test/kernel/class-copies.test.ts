import { expect, it } from "vitest";
import { recognisesCopies } from "../../src/kernel/class-copies.ts";

const BRAND = Symbol.for("sluice.test-copies");

/** What loading the same module twice gives. */
function copy() {
  return class Failure extends Error {
    readonly [BRAND] = true;
    static override readonly [Symbol.hasInstance] = recognisesCopies(BRAND);
  };
}

it("a class knows the objects of its other copies, and nothing else", () => {
  const [Own, Other] = [copy(), copy()];
  expect(new Other()).toBeInstanceOf(Own);
  expect(new Own()).toBeInstanceOf(Own);
  for (const value of [new Error(), {}, null, undefined, "text"]) expect(value instanceof Own).toBe(false);
});

it("a class that extends one answers as classes do", () => {
  const Own = copy();
  class Narrow extends Own {}
  expect(new Narrow()).toBeInstanceOf(Narrow);
  expect(new Narrow()).toBeInstanceOf(Own);
  expect(new Own()).not.toBeInstanceOf(Narrow);
});
