import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasDeceptiveCharacters, shownJson, shownLine, shownText } from "../../src/kernel/shown-text.ts";

describe("text of somebody else", () => {
  it("loses what steers a terminal or turns its direction, and keeps tabs, lines and every script", () => {
    expect(shownText("a\u001b[31mb\u0007\u009b1m\u202ec\u2066d")).toBe(
      "a\ufffd[31mb\ufffd\ufffd1m\ufffdc\ufffdd",
    );
    expect(shownText("tab\tline\n\u05e9\u05dc\u05d5\u05dd \u0645 \u{1f468}\u200d\u{1f469} e\u0301")).toBe(
      "tab\tline\n\u05e9\u05dc\u05d5\u05dd \u0645 \u{1f468}\u200d\u{1f469} e\u0301",
    );
    expect(shownLine("one\r\ntwo\tthree\u2028four")).toBe("one two three four");
  });

  it("is the same value inside JSON, and without such characters the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = shownJson(JSON.stringify({ text }));
        expect(JSON.parse(json)).toEqual({ text });
        expect(hasDeceptiveCharacters(json)).toBe(false);
        expect(shownText(text) === text).toBe(!hasDeceptiveCharacters(text));
        expect(hasDeceptiveCharacters(shownLine(text))).toBe(false);
      }),
    );
  });
});
