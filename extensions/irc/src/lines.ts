/** Everything about the bytes of an IRC line: 512 with CRLF, the relayed prefix included (RFC 2812). */

export const LINE_BYTES = 512;
/** Longest host name that a server may put into our prefix before we have seen it. */
export const UNKNOWN_HOST_BYTES = 63;
/** A line shorter than this is not worth cutting for; absurdly long targets get it all the same. */
const MIN_TEXT_BYTES = 16;

export interface OwnPrefix {
  nick: string;
  username: string;
  host?: string;
}

/** Bytes of text that fit when the server relays `:nick!user@host PRIVMSG target :text`. */
export function textBudget(own: OwnPrefix, target: string): number {
  const host = own.host ? Buffer.byteLength(own.host) : UNKNOWN_HOST_BYTES;
  // A server may put one more character (`~`) before a user name that no ident service confirmed.
  const prefix = Buffer.byteLength(`:${own.nick}!~${own.username}@`) + host;
  const overhead = prefix + Buffer.byteLength(` PRIVMSG ${target} :`) + 2;
  return Math.max(MIN_TEXT_BYTES, LINE_BYTES - overhead);
}

/**
 * Cuts a text into lines of at most `limit` UTF-8 bytes: at line breaks always, then at the last space that
 * fits, else between characters (never inside one, nor between a character and its combining marks).
 */
export function splitLines(text: string, limit: number): string[] {
  return text
    .replaceAll("\0", "\n")
    .split(/[\r\n]+/)
    .flatMap((line) => splitLine(line.trimEnd(), Math.max(MIN_TEXT_BYTES, limit)))
    .filter((line) => line.trim() !== "");
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

function splitLine(line: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (Buffer.byteLength(rest) > limit) {
    const cut = cutIndex(rest, limit);
    pieces.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  pieces.push(rest);
  return pieces;
}

/** Index (UTF-16) at which to cut so that the first part fits. */
function cutIndex(text: string, limit: number): number {
  // No character is shorter than a byte, so nothing beyond this can belong to the first part.
  const window = text.slice(0, limit + 1);
  let bytes = 0;
  let index = 0;
  let space = 0;
  for (const { segment } of graphemes.segment(window)) {
    const size = Buffer.byteLength(segment);
    if (bytes + size > limit) break;
    bytes += size;
    index += segment.length;
    if (/\s/.test(segment)) space = index;
  }
  if (space > 0 && text.slice(0, space).trim() !== "") return space;
  return index > 0 ? index : cutInsideGrapheme(text, limit);
}

/** One character with so many marks that it does not fit in a line is cut between code points. */
function cutInsideGrapheme(text: string, limit: number): number {
  let bytes = 0;
  let index = 0;
  for (const point of text) {
    bytes += Buffer.byteLength(point);
    if (bytes > limit) break;
    index += point.length;
  }
  return Math.max(1, index);
}

/** Markdown as people read it on a plain line: emphasis marks go, links show their address. */
export function toPlainText(markdown: string): string {
  let inFence = false;
  return markdown
    .split("\n")
    .flatMap((line) => {
      if (/^\s*(`{3,}|~{3,})/.test(line)) {
        inFence = !inFence;
        return [];
      }
      return [inFence ? line : plainLine(line)];
    })
    .join("\n");
}

function plainLine(line: string): string {
  return line
    .replace(/^#{1,6}\s+/, "")
    .replace(/!?\[([^\]]*)\]\((https?:[^\s)]+)\)/g, (_match, label: string, url: string) =>
      label === "" || label === url ? url : `${label} (${url})`,
    )
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/(^|[^\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?!\w)/g, "$1$2")
    .replace(/`([^`]+)`/g, "$1");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these control characters are the formatting codes
const FORMATTING = /\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04[0-9a-fA-F]{0,6}|[\x02\x0f\x11\x16\x1d\x1e\x1f]/g;

/** Without the colour and style codes of other clients, which a model need not see. */
export function stripFormatting(text: string): string {
  return text.replace(FORMATTING, "");
}
