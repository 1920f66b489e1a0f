import fc from "fast-check";

const PIECES = [
  "---\n",
  "\n---\n",
  "# ",
  "## 12:00:00 notes\n",
  "\n^oc-000000000000\n",
  "^oc-0123456789ab",
  "```",
  "~~~\n",
  "> ",
  ">",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "</div>",
  "<!--",
  "-->",
  "<?php ?>",
  "<%",
  "%>",
  "%%",
  "[[",
  "]]",
  "![[",
  "![x](http://t.example/p.png)",
  "[x](javascript:alert(1))",
  "[a]: http://x\n",
  "[^1]: note\n",
  "[!note]",
  "::",
  "key:: value",
  "`",
  "``",
  "`= this.x`",
  "$=",
  "$$",
  "\\",
  "\\\\",
  "&lt;",
  "&amp;",
  "&#x3c;",
  "- ",
  "- [ ] ",
  "+ ",
  "* ",
  "1. ",
  "1) ",
  "| a | b |\n|---|---|\n",
  "===\n",
  "\n===",
  "___",
  "***",
  "    code",
  "\t",
  "\r\n",
  "\r",
  "\u2028",
  "\u2029",
  "\u0085",
  "\u0000",
  "\u001b[31m",
  "\u202e",
  "\u2066",
  "\ufeff",
  "\ud800",
  "\udc00",
  "😀",
  "é",
  "../../etc/passwd",
  "..\\..\\",
  "C:\\con",
  "/",
  "~",
  "{{date}}",
  "$\u007bx}",
  "<%* tR %>",
  "yaml: [",
  "tags: [x]",
  "#capture/test",
  "javascript:alert(1)",
  "data:text/html,<script>",
  "file:///etc/passwd",
  "obsidian://x",
  "^",
  "a ^b",
  "!",
  "[",
  "]",
  "(",
  "<",
  " ",
  "  ",
  "\n",
  "\n\n",
  "word",
];

/** Text that tries to be more than text. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 })
    .map((units) => String.fromCharCode(...units)),
);

const scalar = fc.oneof(
  hostileText,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom<unknown>(null, -0, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY),
);

const { tree } = fc.letrec<{ tree: unknown; object: unknown }>((tie) => ({
  tree: fc.oneof({ maxDepth: 6 }, scalar, fc.array(tie("tree"), { maxLength: 4 }), tie("object")),
  object: fc.dictionary(
    fc.oneof(
      hostileText,
      fc.constantFrom("url", "text", "title", "__proto__", "constructor", "source", "captured"),
    ),
    tie("tree"),
    { maxKeys: 5 },
  ),
}));

/** Any value of an event's data, keys included. */
export const jsonTree: fc.Arbitrary<unknown> = fc.dictionary(
  fc.oneof(
    hostileText,
    fc.constantFrom("url", "link", "title", "app_name", "from", "source", "captured", "tags", "constructor"),
  ),
  tree,
  { maxKeys: 6 },
);

/**
 * What in a rendered entry an editor would act on: more than the one heading and block id, markup, links of
 * other kinds, embeds, templates, comments, inline fields, block anchors, control characters.
 */
export function activeContent(rendered: string): string[] {
  const found: string[] = [];
  const lines = rendered.split("\n");
  const outside = lines.map((line) => withoutCode(line));
  const count = (pattern: RegExp) => outside.filter((line) => pattern.test(line)).length;
  const expectCount = (what: string, pattern: RegExp, expected: number) => {
    const actual = count(pattern);
    if (actual !== expected) found.push(`${what}: ${actual}`);
  };
  expectCount("headings", /^\s*(?:>\s?)*\s{0,3}#{1,6}(?:\s|$)/, 1);
  expectCount("setext underlines", /^\s*(?:>\s?)+\s{0,3}(?:=+|-+)\s*$/, 0);
  expectCount("block ids", /(?:^|\s)\^[A-Za-z0-9-]+\s*$/, 1);
  expectCount("fences", /^\s*(?:>\s?)*\s{0,3}(?:```|~~~)/, 0);
  expectCount("lists or quotes in text", /^>\s{0,4}(?:>|[-*+]\s|\d+[.)]\s|\|)/, 0);
  expectCount("indented code", /^> {5}/, 0);
  expectCount("HTML", /(?<!\\)<(?!https?:|mailto:)[a-zA-Z/!?]/, 0);
  expectCount("wikilinks", /(?<!\\)\[\[/, 0);
  expectCount("comments", /%%/, 0);
  expectCount("inline fields", /(?<!^- `[^`]*`)[^:]::/, 0);
  expectCount("inline links", /(?<!\\)\]\(/, 0);
  expectCount("reference definitions", /(?<!\\)\]:/, 0);
  expectCount("callouts", /^>\s*\[!/, 0);
  // Templates run on the raw text, code or not.
  if (/<%|%>/.test(rendered)) found.push("template");
  if (/[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u.test(rendered))
    found.push("control characters");
  return found;
}

/** A line without its code spans; an unescaped backtick outside of one stays and is reported as it is. */
function withoutCode(line: string): string {
  return line.replace(/(?<!\\)`[^`]*`/g, "``");
}
