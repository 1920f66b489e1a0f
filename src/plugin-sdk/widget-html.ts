/** Where the scripts, styles and fonts of a sandboxed widget page may come from. */
export const WIDGET_CDN_ORIGINS: readonly string[] = Object.freeze([
  "https://cdnjs.cloudflare.com",
  "https://cdn.jsdelivr.net",
  "https://esm.sh",
  "https://unpkg.com",
]);

/** Longest page, in bytes of UTF-8. */
export const MAX_WIDGET_HTML_BYTES = 262_144;

export class WidgetHtmlInputError extends Error {
  override readonly name = "WidgetHtmlInputError";
}

/** True for a text that is a whole page rather than a part of one. */
export function isCompleteHtmlDocument(html: string): boolean {
  return /^\s*(?:<!--[\s\S]*?-->\s*)*(?:<!doctype\s+html\b|<html[\s>])/i.test(html);
}

/** @throws WidgetHtmlInputError for a page above {@link MAX_WIDGET_HTML_BYTES} */
export function assertWidgetHtmlSize(html: string, maxBytes: number = MAX_WIDGET_HTML_BYTES): void {
  const size = Buffer.byteLength(html, "utf8");
  if (size > maxBytes)
    throw new WidgetHtmlInputError(`the page has ${size} bytes; at most ${maxBytes} are shown`);
}
