import { chunkText } from "../../channels/text/chunking.ts";
import { sliceUtf16Safe } from "../values/text.ts";

/** Pieces of at most `limit`; with `preserveWhitespace` nothing is dropped at the cuts. */
export function chunkTextForOutbound(
  text: string,
  limit: number,
  options: { preserveWhitespace?: boolean; formatting?: unknown } = {},
): string[] {
  if (!options.preserveWhitespace || limit <= 0) return chunkText(text, limit);
  const chunks: string[] = [];
  for (let rest = text; rest !== ""; ) {
    const piece = sliceUtf16Safe(rest, 0, limit) || rest.slice(0, 2);
    chunks.push(piece);
    rest = rest.slice(piece.length);
  }
  return chunks;
}

export function chunkItems<T>(items: readonly T[], size: number): T[][] {
  if (size <= 0) return items.length > 0 ? [[...items]] : [];
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}
