import { MAX_STRING_LENGTH } from "../contract/limits.ts";

const PLAIN = /^[\x20-\x7e]*$/;
/** C0 and C1 controls except tab and newline, bidirectional overrides and isolates, byte order marks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const UNWANTED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/**
 * Makes a captured string safe as Unicode (spec 5.7, 1 and 6): no lone surrogates, no control or
 * bidirectional override characters, `\n` as the only line end, at most {@link MAX_STRING_LENGTH} long.
 */
export function cleanText(given: string): string {
  const text = given.length > MAX_STRING_LENGTH ? cut(given) : given;
  if (PLAIN.test(text)) return text;
  return text
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(UNWANTED, "");
}

function cut(text: string): string {
  const kept = text.slice(0, MAX_STRING_LENGTH).replace(/[\ud800-\udbff]$/, "");
  return `${kept} … (cut, ${text.length} characters in all)`;
}

/** One line: line breaks and tabs become spaces, runs of blanks one. */
export function singleLine(text: string): string {
  return /[\n\t]| {2}|^ | $/.test(text) ? text.replace(/\s+/g, " ").trim() : text;
}

/**
 * The form in which a text is kept: every line's leading blanks reduced to three spaces (four would be a
 * code block), trailing blanks removed (two would be a line break), outer empty lines removed.
 */
export function normaliseBlock(text: string): string {
  if (!/[\n\t]|^ {4}|^\s|\s$/.test(text)) return text;
  return text
    .split("\n")
    .map((line) => {
      const body = line.trim();
      const lead = body === "" ? 0 : line.length - line.trimStart().length;
      return " ".repeat(Math.min(lead, 3)) + body;
    })
    .join("\n")
    .replace(/^\n+|\n+$/g, "");
}
