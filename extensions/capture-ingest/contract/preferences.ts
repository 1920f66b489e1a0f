import { MAX_IDEMPOTENCY_KEY_LENGTH } from "./limits.ts";

/** True when a `Prefer` header asks for `handling=lenient` (RFC 7240). */
export function prefersLenient(header: string | string[] | undefined): boolean {
  if (header === undefined) return false;
  const text = Array.isArray(header) ? header.join(",") : header;
  return text.split(/[,;]/).some((part) => /^\s*handling\s*=\s*(lenient|"lenient")\s*$/i.test(part));
}

/** The `Idempotency-Key` as sent, `undefined` when absent, `null` when it breaks the rule of 1 to 128 visible characters. */
export function idempotencyKey(header: string | string[] | undefined): string | null | undefined {
  if (header === undefined) return undefined;
  if (Array.isArray(header) || header.length > MAX_IDEMPOTENCY_KEY_LENGTH) return null;
  return /^[\x21-\x7e]+$/.test(header) ? header : null;
}

/** True for no media type at all and for JSON ones. */
export function isJsonMediaType(header: string | undefined): boolean {
  if (header === undefined || header.trim() === "") return true;
  const type = header.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "application/json" || /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.-]+\+json$/.test(type);
}
