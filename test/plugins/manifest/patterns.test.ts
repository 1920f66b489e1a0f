import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PATTERN_LENGTH, MAX_PATTERN_REPEATS } from "../../../src/plugins/manifest/limits.ts";
import { isSafePattern } from "../../../src/plugins/manifest/safe-pattern.ts";
import { readManifest } from "./support/read-manifest.ts";

describe("patterns for model names", () => {
  const safe = [
    "^gpt-",
    "^o\\d+(?:-.*)?$",
    "^claude-(opus|sonnet)-[\\d.]+$",
    "^(?:a|b)?c",
    "[(+*]+",
    "\\(a+\\)",
    "a{2,3}",
    "a{",
    "(?<tier>pro)",
  ];
  const unsafe = [
    "(a+)+$",
    "(a|a)*b",
    "((a?)b)+",
    "(?:a{1,9}){2,}",
    "(a)\\1",
    "(?<n>a)\\k<n>",
    "(",
    "[",
    "(?=(a|b)+)c",
    "(a*){5}",
  ];

  it("[F250] keeps only those that always end", async () => {
    const { metadata } = await readManifest({ modelSupport: { modelPatterns: [...unsafe, ...safe, 5] } });
    expect(metadata.models.modelSupport).toEqual({ modelPrefixes: [], modelPatterns: safe });
  });

  it("has limits on length and repetitions", () => {
    expect(isSafePattern("a".repeat(MAX_PATTERN_LENGTH))).toBe(true);
    expect(isSafePattern("a".repeat(MAX_PATTERN_LENGTH + 1))).toBe(false);
    expect(isSafePattern("a+".repeat(MAX_PATTERN_REPEATS))).toBe(true);
    expect(isSafePattern("a+".repeat(MAX_PATTERN_REPEATS + 1))).toBe(false);
  });

  it("what passes compiles and ends quickly on names that almost match", () => {
    const piece = fc.constantFrom(
      "a",
      "b",
      ".",
      "(",
      ")",
      "(?:",
      "|",
      "*",
      "+",
      "?",
      "{2,}",
      "[ab]",
      "\\w",
      "^",
      "$",
      "\\1",
    );
    const name = `${"ab".repeat(50)}!`;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const pattern = pieces.join("");
        if (!isSafePattern(pattern)) return;
        // Processor time: a busy machine must not fail a pattern.
        const before = process.cpuUsage();
        new RegExp(pattern).test(name);
        expect(process.cpuUsage(before).user).toBeLessThan(500_000);
      }),
      { numRuns: 2000 },
    );
  });
});
