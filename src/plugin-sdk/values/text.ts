import { homedir } from "node:os";
import { join, resolve } from "node:path";

export { sliceUtf16Safe, truncateUtf8Prefix, truncateUtf16Safe } from "../../kernel/cut-text.ts";

/** Quoting and reading text. */

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
