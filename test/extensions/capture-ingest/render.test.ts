import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SOURCE_TYPES, sourceType } from "../../../extensions/capture-ingest/contract/source-types.ts";
import { BlockIds } from "../../../extensions/capture-ingest/render/block-id.ts";
import { cleanText, normaliseBlock } from "../../../extensions/capture-ingest/render/clean-text.ts";
import { renderEntry } from "../../../extensions/capture-ingest/render/entry.ts";
import {
  escapeInline,
  escapeLineStart,
  unescapeInline,
} from "../../../extensions/capture-ingest/render/escape.ts";
import { parseVaultFile } from "../../../extensions/capture-ingest/render/parse.ts";
import { Zone } from "../../../extensions/capture-ingest/render/zone.ts";
import { activeContent, hostileText, jsonTree } from "./hostile.ts";
import { NOW_S } from "./support.ts";

const ids = new BlockIds(Uint8Array.from({ length: 16 }, (_, index) => index * 7));
const utc = new Zone("UTC");

function render(data: Record<string, unknown>, type = "notes", changes = {}) {
  const context = {
    sourceType: sourceType(type) as (typeof SOURCE_TYPES)[number],
    pluginId: "p",
    pluginVersion: "1.0.0",
    platform: "web",
    deviceId: "test-1",
    test: false,
    zone: utc,
    day: "2026-03-01",
    ...changes,
  };
  return renderEntry({ index: 0, timestamp: NOW_S, data }, context, ids.of(1));
}

const quote = (text: string) => {
  const rendered = render({ text }, "braindump");
  return rendered
    .split("\n")
    .filter((line) => line.startsWith(">"))
    .map((line) => line.slice(2))
    .join("\n");
};

describe("captured text as Markdown", () => {
  it.each([
    ["[[Secret]] and ![[embed]]", "\\[\\[Secret]] and !\\[\\[embed]]"],
    ["<% tp.file.delete() %>", "<\\% tp.file.delete() %\\>"],
    ["%%hidden%%", "\\%\\%hidden\\%\\%"],
    ["anchor ^abc-1", "anchor \\^abc-1"],
    ["due:: tomorrow", "due:\\: tomorrow"],
    ["`$= dv.pages()`", "\\`$= dv.pages()\\`"],
    ["<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"],
    ["<!-- x -->", "&lt;!-- x -->"],
    ["1 < 2", "1 < 2"],
    ["# heading", "\\# heading"],
    ["a\n  ## heading", "a\n  \\## heading"],
    ["> quote", "\\> quote"],
    ["- item", "\\- item"],
    ["+ item", "\\+ item"],
    ["12. item", "12\\. item"],
    ["3) item", "3\\) item"],
    ["| a | b |", "\\| a | b |"],
    ["title\n===", "title\n\\==="],
    ["title\n---", "title\n\\---"],
    ["```js\ncode\n```", "\\`\\`\\`js\ncode\n\\`\\`\\`"],
    ["~~~\ncode", "\\~~~\ncode"],
    ["a\n        code", "a\n   code"],
    ["[x](javascript:alert(1))", "[x\\](javascript:alert(1))"],
    ["![p](http://t.example/x.png)", "!\\[p\\](http://t.example/x.png)"],
    ["[ref]: http://x", "[ref\\]: http://x"],
    ["[!danger] callout", "\\[!danger] callout"],
    ["a\\*b\\", "a\\\\*b\\\\"],
    ["costs $5", "costs $5"],
    ["$$\\href{x}$$", "\\$\\$\\href{x}\\$\\$"],
    ["A & B &amp; C", "A & B &amp;amp; C"],
    ["one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"],
    ["a\u202eb\u0000c\u009fd\ufeffe\u2066f", "abcdef"],
    ["\ud800 lone", "\ufffd lone"],
  ])("writes %j as %j", (text, expected) => {
    expect(quote(text)).toBe(expected);
  });

  it("cuts a string over 100,000 characters with a notice", () => {
    expect(cleanText("x".repeat(100_000))).toHaveLength(100_000);
    expect(cleanText("x".repeat(100_001))).toContain("(cut, 100001 characters in all)");
  });

  it("cuts an entry over 256 KiB with a notice and keeps its last lines", () => {
    const data = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`f${n}`, "é".repeat(60_000)]));
    const rendered = render({ ...data, text: "x" });
    expect(Buffer.byteLength(rendered)).toBeLessThanOrEqual(262_144);
    expect(rendered).toContain("(cut: the entry was too long)");
    expect(parseVaultFile(rendered)).toHaveLength(1);
  });

  it("prints unusual keys as code and drops dangerous ones", () => {
    const data = JSON.parse('{"a b":1,"x:y":2,"__proto__":{"p":1},"constructor":3,"`":4,"":5}');
    const fields = parseVaultFile(render(data))[0]?.fields;
    expect(fields).toEqual([
      ["", "5"],
      ["`", "4"],
      ["a b", "1"],
      ["x:y", "2"],
    ]);
  });

  it("links only web and mail addresses", () => {
    const rendered = render(
      {
        url: "https://example.com/a?b=1",
        link: "javascript:alert(1)",
        href: "data:text/html,x",
        site_url: "mailto:a@b.c",
      },
      "web_browsing",
    );
    expect(rendered).toContain("- url: <https://example.com/a?b=1>");
    expect(rendered).toContain("- site_url: <mailto:a@b.c>");
    expect(rendered).toContain('- link: `"javascript:alert(1)"`');
    expect(rendered).toContain('- href: `"data:text/html,x"`');
  });

  it("keeps table order, lists scalars, shows objects as JSON", () => {
    const rendered = render(
      {
        attendees: ["Ann", "Bob"],
        zeta: { a: [[1]], b: "<%x%>" },
        end: "11:00",
        title: "Stand-up",
        alpha: null,
      },
      "calendar",
    );
    expect(rendered).toContain(
      "· Stand-up\n\n- end: 11:00\n- attendees: Ann, Bob\n- alpha: null\n" +
        '- zeta: `{"a": [ [1]], "b": "\\u003c\\u0025x\\u0025\\u003e"}`\n',
    );
  });

  it("names a title of at most 120 characters on one line", () => {
    const rendered = render({ app_name: "a\nb", window_title: "w".repeat(200) }, "screen_ocr");
    const heading = rendered.split("\n")[1] ?? "";
    expect(heading).toMatch(/^## 12:00:00 screen_ocr · a b · w+…$/);
    expect(heading.length).toBeLessThanOrEqual("## 12:00:00 screen_ocr · ".length + 120);
  });

  it("unescapes to exactly what it escaped", () => {
    fc.assert(
      fc.property(hostileText, (given) => {
        for (const line of normaliseBlock(cleanText(given)).split("\n"))
          expect(unescapeInline(escapeLineStart(escapeInline(line)))).toBe(line);
      }),
      { numRuns: 2_000 },
    );
  });

  it("renders any data as one inert entry that reads back the same", () => {
    fc.assert(
      fc.property(jsonTree, hostileText, fc.constantFrom(...SOURCE_TYPES), (tree, text, type) => {
        const data: Record<string, unknown> = { ...(tree as object), text };
        const rendered = render(data, type.name);
        expect(activeContent(rendered)).toEqual([]);
        const entries = parseVaultFile(`# file\n${rendered}`);
        expect(entries).toHaveLength(1);
        const entry = entries[0];
        expect(entry?.blockId).toBe(ids.of(1));
        if (!type.dropped?.includes("text") && normaliseBlock(cleanText(text)) !== "")
          expect(entry?.text).toBe(normaliseBlock(cleanText(text)));
        const known = Object.keys(data).filter(
          (key) => !["text", "title", "__proto__", "constructor", "prototype"].includes(key),
        );
        if (type.name === "notes") expect(entry?.fields.length).toBeGreaterThanOrEqual(known.length);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe("block ids", () => {
  it("are unique, well formed and not in sequence", () => {
    const made = Array.from({ length: 20_000 }, (_, entry) => ids.of(entry + 1));
    expect(new Set(made).size).toBe(made.length);
    expect(made.every((id) => /^oc-[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(made[1]?.slice(0, 8)).not.toBe(made[2]?.slice(0, 8));
  });
});

describe("local time", () => {
  it("agrees with the zone database at every quarter of an hour of a change", () => {
    for (const name of ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]) {
      const zone = new Zone(name);
      const format = new Intl.DateTimeFormat("sv-SE", {
        timeZone: name,
        dateStyle: "short",
        timeStyle: "medium",
      });
      for (const start of [Date.UTC(2026, 2, 28), Date.UTC(2026, 9, 24), Date.UTC(2026, 3, 4)])
        for (let quarter = 0; quarter < 200; quarter++) {
          const at = start / 1_000 + quarter * 900 + 17;
          const local = zone.at(at);
          expect(`${local.date} ${local.time}`).toBe(format.format(at * 1_000));
          expect(Date.parse(local.iso)).toBe(at * 1_000);
        }
    }
  });
});
