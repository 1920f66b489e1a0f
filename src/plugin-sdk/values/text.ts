import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Cutting and quoting text. UTF-16 lengths, as JavaScript counts, unless a name says UTF-8. */

/** `slice` that never leaves half of a surrogate pair at either end. */
export function sliceUtf16Safe(text: string, start: number, end?: number): string {
  const size = text.length;
  const clampIndex = (index: number) => (index < 0 ? Math.max(0, size + index) : Math.min(index, size));
  let from = clampIndex(Math.trunc(start));
  let to = end === undefined ? size : clampIndex(Math.trunc(end));
  if (splitsPair(text, from)) from += 1;
  if (splitsPair(text, to)) to -= 1;
  return from < to ? text.slice(from, to) : "";
}

export function truncateUtf16Safe(text: string, maxLength: number): string {
  const limit = Math.max(0, Math.floor(maxLength));
  return text.length <= limit ? text : sliceUtf16Safe(text, 0, limit);
}

function splitsPair(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return false;
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/** The longest prefix of at most `maxBytes` bytes of UTF-8 that ends between characters. */
export function truncateUtf8Prefix(text: string, maxBytes: number): string {
  if (maxBytes <= 0) return "";
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= maxBytes) return text;
  let end = Math.floor(maxBytes);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}

export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const HTML_ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] ?? character);
}

const NAMED_ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

export function decodeHtmlEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,6});/gi, (whole, body: string) => {
    if (!body.startsWith("#")) return NAMED_ENTITIES[body.toLowerCase()] ?? whole;
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10);
    const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return valid ? String.fromCodePoint(code) : whole;
  });
}

/** `undefined` for text that is no JSON. */
export function safeParseJson(text: string | null | undefined): unknown {
  if (text === null || text === undefined || text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** `+` and digits; empty when there is no digit. */
export function normalizeE164(number: string): string {
  const digits = number.replace(/^[a-z]+:/i, "").replace(/\D+/g, "");
  return digits === "" ? "" : `+${digits}`;
}

/** Expands a leading `~` and makes the path absolute. */
export function resolveUserPath(
  input: string,
  env: NodeJS.ProcessEnv = process.env,
  home: () => string = homedir,
): string {
  const path = input.trim();
  if (path === "") return path;
  const base = env["HOME"]?.trim() || home();
  if (path === "~") return base;
  return resolve(path.startsWith("~/") || path.startsWith("~\\") ? join(base, path.slice(2)) : path);
}

/** The `accessGroup:<name>` form of an allowlist entry. */
export function parseAccessGroupAllowFromEntry(entry: string): string | null {
  const match = /^accessGroup:(.+)$/i.exec(entry.trim());
  return match?.[1]?.trim() || null;
}
