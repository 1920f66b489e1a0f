import { stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getMarkdownTableSource } from "../../src/plugin-sdk/markdown-table-runtime.ts";
import { isAutoLinkedFileRef } from "../../src/plugin-sdk/text-autolink-runtime.ts";
import {
  markdownToIR,
  markdownToIRWithMeta,
  renderMarkdownIRChunksWithinLimit,
  renderMarkdownWithAttributedRanges,
  renderMarkdownWithMarkers,
  SYSTEM_MARK,
  sliceMarkdownIR,
  stripInlineDirectiveTagsForDelivery,
  tokenizeHtmlTags,
} from "../../src/plugin-sdk/text-chunking.ts";
import { CONFIG_DIR, ensureDir } from "../../src/plugin-sdk/text-utility-runtime.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("tables of a text", () => {
  const TEXT = "Before\r\n  | Name | *Price* |\r\n|---|:-:|\r\n| a\\|b | **5** | extra |\r\n| c |\r\nAfter";

  it("[F001] are taken out with what Markdown said of their cells, and known by where they stood", () => {
    const { ir, tables, hasTables } = markdownToIRWithMeta(TEXT, { tableMode: "block" });
    expect([ir.text, hasTables, tables.length]).toEqual(["Before\n\nAfter", true, 1]);
    const table = tables[0] as (typeof tables)[number];
    expect(table).toMatchObject({
      headers: ["Name", "Price"],
      rows: [["a|b", "5"], ["c"]],
      placeholderOffset: "Before\n".length,
    });
    expect(table.headerCells[1]?.styles).toEqual([{ start: 0, end: 5, style: "italic" }]);
    expect(table.rowCells[0]?.[1]?.styles).toEqual([{ start: 0, end: 1, style: "bold" }]);
    const source = getMarkdownTableSource(table);
    expect(TEXT.slice(source?.start, source?.end)).toBe(
      TEXT.slice(TEXT.indexOf("| Name"), TEXT.indexOf("\r\nAfter")),
    );
    expect(getMarkdownTableSource({ ...table })).toBeUndefined();
  });

  it("stay, or become what the mode says", () => {
    expect(markdownToIRWithMeta(TEXT)).toMatchObject({ tables: [], hasTables: true });
    expect(markdownToIR(TEXT, { tableMode: "bullets" }).text).toContain("Name: c");
    const code = "```\n| a | b |\n|---|---|\n```";
    expect(markdownToIRWithMeta(code, { tableMode: "block" }).tables).toEqual([]);
    expect(markdownToIRWithMeta("no | table", { tableMode: "block" })).toMatchObject({
      tables: [],
      hasTables: false,
    });
  });

  it("leave every other text as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "|", "-", "\n", "\r", "*", " ", "`") }), (text) => {
        const { ir, tables } = markdownToIRWithMeta(text, { tableMode: "block" });
        if (tables.length === 0) expect(ir).toEqual(markdownToIR(text));
        for (const table of tables) {
          const { start = 0, end = 0 } = getMarkdownTableSource(table) ?? {};
          expect(text.slice(start, end)).toMatch(/^\|/);
        }
      }),
    );
  });
});

describe("parts of a text with ranges", () => {
  it("keep the part of each range that lies in them", () => {
    const ir = markdownToIR("one **two three** [four](https://e.org)");
    const part = sliceMarkdownIR(ir, 4, 10);
    expect(part).toEqual({ text: "two th", styles: [{ start: 0, end: 6, style: "bold" }], links: [] });
    expect(sliceMarkdownIR(ir, 14, 99).links).toEqual([{ start: 0, end: 4, href: "https://e.org" }]);
  });

  const render = (ir: Parameters<typeof renderMarkdownWithMarkers>[0]) =>
    renderMarkdownWithMarkers(ir, {
      styleMarkers: { bold: { open: "<b>", close: "</b>" } },
      escapeText: (text) => text.replaceAll("&", "&amp;"),
    });
  const chunk = (text: string, limit: number) =>
    renderMarkdownIRChunksWithinLimit({
      ir: markdownToIR(text),
      limit,
      renderChunk: render,
      measureRendered: (rendered) => rendered.length,
    }).map(({ rendered }) => rendered);

  it("are cut so that what is sent fits, marks included, at the best place there is", () => {
    expect(chunk("alpha beta\n\ngamma delta", 14)).toEqual(["alpha beta", "gamma delta"]);
    expect(chunk("**alpha beta** gamma", 14)).toEqual(["<b>alpha</b>", "<b>beta</b>", "gamma"]);
    expect(chunk("", 10)).toEqual([]);
  });

  it("never exceed the limit and lose nothing but white space", () => {
    const words = fc.array(fc.constantFrom("a&b", "**bold text**", "\n\n", "\n", "😀😀", "longerword", " "), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 60 }), (parts, limit) => {
        const text = parts.join(" ");
        const chunks = chunk(text, limit);
        expect(Math.max(0, ...chunks.map((part) => part.length))).toBeLessThanOrEqual(limit);
        const bare = (value: string) => value.replace(/<\/?b>|\s/g, "");
        expect(bare(chunks.join(""))).toBe(bare(render(markdownToIR(text))));
        expect(chunks.join("")).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
      }),
      { numRuns: 200 },
    );
  });
});

describe("styles as ranges", () => {
  const styleMap = { bold: "BOLD", italic: "ITALIC" };

  it("have offsets in the sent text, behind addresses that were put in", () => {
    const ir = markdownToIR("see [docs](https://e.org/x) **now**");
    expect(renderMarkdownWithAttributedRanges(ir, { styleMap })).toEqual({
      text: "see docs (https://e.org/x) now",
      ranges: [{ start: 27, length: 3, style: "BOLD" }],
    });
  });

  it("do not repeat an address that is its own label, and end with the text", () => {
    const ir = {
      text: "e.org   ",
      styles: [{ start: 0, end: 8, style: "bold" }],
      links: [{ start: 0, end: 5, href: "https://e.org/" }],
    };
    expect(renderMarkdownWithAttributedRanges(ir, { styleMap, trimEnd: true })).toEqual({
      text: "e.org",
      ranges: [{ start: 0, length: 5, style: "BOLD" }],
    });
  });

  it("of one kind that touch are one; styles the platform lacks are left out", () => {
    const styles = [
      { start: 0, end: 2, style: "bold" },
      { start: 2, end: 4, style: "bold" },
      { start: 0, end: 4, style: "spoiler" },
    ];
    const { ranges } = renderMarkdownWithAttributedRanges({ text: "abcd", styles, links: [] }, { styleMap });
    expect(ranges).toEqual([{ start: 0, length: 4, style: "BOLD" }]);
  });
});

describe("small readers", () => {
  it("HTML tags are found with their places; arrows and comparisons are text", () => {
    const text = 'a < b <u class="x">c</u><br/> <3';
    expect([...tokenizeHtmlTags(text)]).toEqual([
      { start: 6, end: 19, raw: '<u class="x">', name: "u", closing: false, selfClosing: false },
      { start: 20, end: 24, raw: "</u>", name: "u", closing: true, selfClosing: false },
      { start: 24, end: 29, raw: "<br/>", name: "br", closing: false, selfClosing: true },
    ]);
  });

  it("a file name that a reader took for a host is told from an address", () => {
    expect(isAutoLinkedFileRef("http://notes.md", "notes.md")).toBe(true);
    expect(isAutoLinkedFileRef("http://src/main.rs", "src/main.rs")).toBe(true);
    expect(isAutoLinkedFileRef("http://example.com/notes.md", "example.com/notes.md")).toBe(false);
    expect(isAutoLinkedFileRef("https://example.com", "example.com")).toBe(false);
    expect(isAutoLinkedFileRef("https://notes.md", "my notes")).toBe(false);
  });

  it("directives are not sent, except in code", () => {
    expect(stripInlineDirectiveTagsForDelivery("[[reply_to_current]] hi")).toEqual({
      text: "hi",
      changed: true,
    });
    expect(stripInlineDirectiveTagsForDelivery("`[[reply_to_current]]`").changed).toBe(false);
    expect(SYSTEM_MARK).toBe("⚙️");
  });

  it("folders are made with those above them", async () => {
    const folder = join(await temporaryFolder(), "a", "b");
    await ensureDir(folder);
    await ensureDir(folder);
    expect((await stat(folder)).isDirectory()).toBe(true);
    expect(CONFIG_DIR.startsWith("/")).toBe(true);
  });
});
