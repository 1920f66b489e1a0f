import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chunkByNewline,
  chunkText,
  chunkTextWithMode,
  nextFence,
  splitParagraphs,
} from "../../../src/channels/text/chunking.ts";
import { parseReplyDirectives } from "../../../src/channels/text/directives.ts";
import {
  chunkMarkdownText,
  chunkMarkdownTextWithMode,
} from "../../../src/channels/text/markdown-chunking.ts";
import { convertMarkdownTables } from "../../../src/channels/text/tables.ts";

const texts = fc
  .array(
    fc.oneof(fc.lorem({ maxCount: 4 }), fc.constantFrom("\n", "\n\n", " ", "👩‍🚀", "é", "aaaaaaaaaaaaaaaa")),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
const letters = (text: string) => text.replace(/\s+/g, "");
const wellFormed = (text: string) =>
  !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);

describe("chunkText", () => {
  test("keeps every character but the white space at cuts, within the limit, and no half characters", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 60 }), (text, limit) => {
        const chunks = chunkText(text, limit);
        expect(letters(chunks.join(""))).toBe(letters(text));
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(limit);
          expect(wellFormed(chunk)).toBe(true);
        }
      }),
    );
  });

  test("prefers a line break, then a space, then cuts hard", () => {
    expect(chunkText("one two\nthree four", 12)).toEqual(["one two", "three four"]);
    expect(chunkText("one two three", 9)).toEqual(["one two", "three"]);
    expect(chunkText("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
  });

  test("an empty text gives nothing and a limit of zero is no limit", () => {
    expect(chunkText("", 5)).toEqual([]);
    expect(chunkText("a b c", 0)).toEqual(["a b c"]);
  });

  test("a text exactly at the limit is one piece, one more character makes two", () => {
    expect(chunkText("abcde", 5)).toEqual(["abcde"]);
    expect(chunkText("abcdef", 5)).toEqual(["abcde", "f"]);
  });
});

test("newline mode gives each paragraph a piece of its own", () => {
  expect(chunkTextWithMode("a\nb\n\nc", 100, "newline")).toEqual(["a\nb", "c"]);
  expect(chunkTextWithMode("a\nb\n\nc", 100, "length")).toEqual(["a\nb\n\nc"]);
  expect(chunkByNewline("a\n\nb", 10)).toEqual(["a", "b"]);
});

describe("chunkMarkdownText", () => {
  test("closes a cut code fence and opens it again with its language", () => {
    const code = ["```ts", "const a = 1;", "const b = 2;", "const c = 3;", "```"].join("\n");
    const chunks = chunkMarkdownText(code, 36);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) {
      expect(chunk.startsWith("```ts\n")).toBe(true);
      expect(chunk.endsWith("\n```")).toBe(true);
      expect(chunk.length).toBeLessThanOrEqual(36);
    }
  });

  test("keeps the limit, all code, and balanced fences, whatever the text", () => {
    const line = fc.oneof(
      fc.lorem({ maxCount: 8 }),
      fc.constantFrom("", "```js", "```", "~~~", "x".repeat(50)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 25 }), fc.integer({ min: 40, max: 120 }), (lines, limit) => {
        const text = lines.join("\n");
        const chunks = chunkMarkdownText(text, limit);
        const withoutFences = (value: string) =>
          letters(
            value
              .split("\n")
              .filter((one) => !/^ {0,3}(```|~~~)/.test(one))
              .join(""),
          );
        expect(withoutFences(chunks.join("\n"))).toBe(withoutFences(text));
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk.length).toBeLessThanOrEqual(limit);
          const open = chunk.split("\n").reduce(nextFence, undefined as ReturnType<typeof nextFence>);
          if (index < chunks.length - 1) expect(open).toBeUndefined();
        }
      }),
    );
  });

  test("a blank line inside a fence does not end a paragraph", () => {
    expect(splitParagraphs("a\n\n```\nx\n\ny\n```\n\nb")).toEqual(["a", "```\nx\n\ny\n```", "b"]);
    expect(chunkMarkdownTextWithMode("a\n\nb", 50, "newline")).toEqual(["a", "b"]);
  });
});

test("directives for the host are taken out of an answer", () => {
  expect(parseReplyDirectives("[[reply_to_current]] sure")).toMatchObject({
    text: "sure",
    replyTo: "current",
  });
  expect(parseReplyDirectives("[[reply_to: m-7]]ok")).toMatchObject({ text: "ok", replyTo: "m-7" });
  expect(parseReplyDirectives("no_reply")).toMatchObject({ text: "", silent: true });
  expect(parseReplyDirectives("I will not write NO_REPLY here")).toMatchObject({ silent: false });
});

test("a table becomes a list or a code block for platforms without tables", () => {
  const table = "| City | Sun |\n|---|---|\n| Oslo | 4 |\n| Rome | 9 |";
  expect(convertMarkdownTables(table, "bullets")).toBe("- City: Oslo, Sun: 4\n- City: Rome, Sun: 9");
  expect(convertMarkdownTables(table, "code")).toBe(`\`\`\`\n${table}\n\`\`\``);
  expect(convertMarkdownTables(table, "off")).toBe(table);
});
