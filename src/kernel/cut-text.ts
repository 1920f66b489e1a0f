/** Cutting text. UTF-16 lengths, as JavaScript counts, unless a name says UTF-8. */

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
