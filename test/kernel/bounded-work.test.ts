import { expect, it } from "vitest";
import { boundedWork } from "../../src/kernel/bounded-work.ts";

it("gives what the work gives, and throws what it throws", () => {
  expect(boundedWork(() => 5, 1_000)).toBe(5);
  expect(() =>
    boundedWork(() => {
      throw new RangeError("own");
    }, 1_000),
  ).toThrow(new RangeError("own"));
});

it.each([
  ["an endless loop", () => endless()],
  ["a pattern that backtracks for ever", () => /^(a+)+$/.test(`${"a".repeat(60)}!`)],
  ["a loop that catches everything", () => stubborn()],
])("ends %s at its limit", (_what, work) => {
  expect(() => boundedWork(work, 20)).toThrow(expect.objectContaining({ code: "WORK_TOO_LONG" }));
  expect(boundedWork(() => "still well", 1_000)).toBe("still well");
});

function endless(): never {
  for (;;);
}

function stubborn(): never {
  for (;;) {
    try {
      endless();
    } catch {}
  }
}
