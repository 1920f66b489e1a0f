import { cleanText, singleLine } from "./clean-text.ts";
import { escapeInline } from "./escape.ts";

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);
const PLAIN_KEY = /^[A-Za-z0-9_. -]{1,64}$/;
const LINK_KEY = /(^|_)(url|uri|link|href)$/i;
/** Addresses that are safe between angle brackets as they stand. */
const SAFE_LINK = /^(?:https?:\/\/|mailto:)[^\s<>\\`"|]+$/i;

/** True for a key that could reach an object's prototype; such keys are dropped. */
export function isDroppedKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}

/** A data field's name as it is printed: plain, or as code when it holds anything unusual. */
export function renderKey(key: string): string {
  return PLAIN_KEY.test(key) && key.trim() === key ? key : codeJson(key);
}

/** A data field's value on one line (spec 5.8): text, list of scalars, link, or JSON as inline code. */
export function renderValue(key: string, value: unknown): string {
  if (typeof value === "string") return renderString(key, value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value) && value.length > 0 && value.every(isShortScalar))
    return value.map((item) => escapeInline(singleLine(cleanText(String(item))))).join(", ");
  return codeJson(value);
}

function renderString(key: string, given: string): string {
  const text = cleanText(given);
  if (LINK_KEY.test(key) && /^[a-z][a-z0-9+.-]*:/i.test(text.trim()))
    return SAFE_LINK.test(text) && !/%%|\[\[|::|%$|\^[\w-]*$/.test(text) ? `<${text}>` : codeJson(text);
  if (text.includes("\n")) return codeJson(text);
  return escapeInline(singleLine(text));
}

function isShortScalar(value: unknown): boolean {
  if (typeof value === "string") return !/[\n\r]/.test(value);
  return typeof value !== "object" || value === null;
}

/** A value as JSON in a code span. Characters that mean something to an editor even there are `\u` escapes. */
export function codeJson(value: unknown): string {
  return `\`${json(value)}\``;
}

function json(value: unknown): string {
  if (typeof value === "string") return jsonString(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) {
    const items = value.map(json).join(", ");
    return items.startsWith("[") ? `[ ${items}]` : `[${items}]`;
  }
  const fields = Object.keys(value)
    .filter((key) => !isDroppedKey(key))
    .map((key) => `${jsonString(key)}: ${json((value as Record<string, unknown>)[key])}`);
  return `{${fields.join(", ")}}`;
}

function jsonString(value: string): string {
  return JSON.stringify(cleanText(value)).replace(
    /[`<>%^|$]|\[(?=\[)|\](?=\])|:(?=:)/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
