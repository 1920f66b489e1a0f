import fc from "fast-check";
import { expect, it } from "vitest";
import { newSecret, newSortableId, newUuid } from "../../src/kernel/ids.ts";
import { secretsEqual } from "../../src/kernel/secret.ts";

it("sortable ids sort by time and have one shape", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 47), fc.nat(2 ** 47), (a, b) => {
      const [x, y] = [newSortableId(a), newSortableId(b)];
      expect(x).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
      if (a !== b) expect(x < y).toBe(a < b);
    }),
  );
});

it("ids and secrets do not repeat", () => {
  expect(new Set(Array.from({ length: 5_000 }, () => newSortableId(0))).size).toBe(5_000);
  expect(new Set(Array.from({ length: 1_000 }, newUuid)).size).toBe(1_000);
  expect(newSecret(32)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(newSecret()).not.toBe(newSecret());
});

it("uses every random bit", () => {
  const seen = Array.from({ length: 16 }, () => new Set<string>());
  for (let count = 0; count < 3_000; count++) {
    for (const [place, letter] of [...newSortableId(0).slice(10)].entries()) seen[place]?.add(letter);
  }
  for (const letters of seen) expect(letters.size).toBe(32);
});

it("an empty secret equals nothing", () => {
  expect(secretsEqual("a", "a")).toBe(true);
  expect(secretsEqual("a", "b")).toBe(false);
  expect(secretsEqual("a", "ab")).toBe(false);
  expect(secretsEqual("", "")).toBe(false);
});
