/** Cutting long answers at a channel's limit (spec 1.9). Lengths are UTF-16 units, as JavaScript counts. */

export type ChunkMode = "length" | "newline";

export const DEFAULT_TEXT_CHUNK_LIMIT = 4_000;

/**
 * Cuts a text into pieces of at most `limit`: at a line break where there is one, else at white space, else
 * anywhere but inside a surrogate pair. The white space at a cut is dropped. `limit` ≤ 0 means no limit;
 * an empty text gives no piece.
 */
export function chunkText(text: string, limit: number): string[] {
  if (text === "") return [];
  if (limit <= 0 || text.length <= limit) return [text];
  const chunks: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const cut = cutPosition(rest, limit);
    const piece = rest.slice(0, cut).trimEnd();
    if (piece !== "") chunks.push(piece);
    rest = rest.slice(cut).replace(/^[^\S\n]*\n?/, "");
  }
  if (rest.trim() !== "") chunks.push(rest);
  return chunks;
}

/** Cuts at every paragraph (blank line) first, then by length. */
export function chunkByParagraph(text: string, limit: number): string[] {
  return splitParagraphs(text).flatMap((paragraph) => chunkText(paragraph, limit));
}

/** Cuts at every line break, then by length; empty lines are dropped. */
export function chunkByNewline(text: string, limit: number): string[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap((line) => chunkText(line, limit));
}

export function chunkTextWithMode(text: string, limit: number, mode: ChunkMode): string[] {
  return mode === "newline" ? chunkByParagraph(text, limit) : chunkText(text, limit);
}

/** The largest index ≤ `limit` to cut at: after the last line break, else after white space, else by force. */
function cutPosition(text: string, limit: number): number {
  const newline = text.lastIndexOf("\n", limit);
  if (newline > 0 && text.slice(0, newline).trim() !== "") return newline;
  for (let index = limit; index > 0; index--) {
    if (/\s/.test(text[index] ?? "") && text.slice(0, index).trim() !== "") return index;
  }
  return safeIndex(text, limit);
}

/** Moves an index off the middle of a surrogate pair; a limit of one unit takes the pair whole. */
export function safeIndex(text: string, index: number): number {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  const splitsPair = before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
  if (!splitsPair) return Math.max(1, index);
  return index > 1 ? index - 1 : index + 1;
}

/** Paragraphs of a text; blank lines inside a code fence do not separate. */
export function splitParagraphs(text: string): string[] {
  const paragraphs: string[] = [];
  let current: string[] = [];
  let fence: Fence | undefined;
  for (const line of text.split("\n")) {
    fence = nextFence(fence, line);
    if (line.trim() === "" && !fence) {
      if (current.length > 0) paragraphs.push(current.join("\n"));
      current = [];
    } else {
      current.push(line);
    }
  }
  if (current.length > 0) paragraphs.push(current.join("\n"));
  return paragraphs;
}

export interface Fence {
  /** The opening line, repeated when a fence is continued in the next piece. */
  open: string;
  /** ``` or ~~~ of the same length. */
  close: string;
}

/** The fence that is open after `line`, given the one open before it. */
export function nextFence(open: Fence | undefined, line: string): Fence | undefined {
  const match = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
  if (!match) return open;
  const marker = match[1] as string;
  const rest = match[2] as string;
  if (!open) return marker[0] === "`" && rest.includes("`") ? undefined : { open: line, close: marker };
  const closes = marker[0] === open.close[0] && marker.length >= open.close.length && rest.trim() === "";
  return closes ? undefined : open;
}
