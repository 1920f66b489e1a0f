import { safeIndex } from "../../channels/text/chunking.ts";

export interface TextChunkRange {
  /** UTF-16 index of its first unit. */
  start: number;
  /** Index after its last unit. */
  end: number;
}

/**
 * Where a text is cut for a channel's limit, for callers whose styles refer to positions: the pieces follow each
 * other and nothing is dropped. `preferred` cuts after a blank line, else a line break, else white space; `hard`
 * wherever the limit falls, but never inside a surrogate pair. A limit of 0 or less means one piece.
 */
export function chunkTextRanges(
  text: string,
  options: { limit: number; mode?: "hard" | "preferred" },
): TextChunkRange[] {
  const { limit, mode = "hard" } = options;
  const ranges: TextChunkRange[] = [];
  for (let start = 0; start < text.length; ) {
    const isLast = limit <= 0 || text.length - start <= limit;
    const end = isLast ? text.length : start + cut(text.slice(start, start + limit + 1), limit, mode);
    ranges.push({ start, end });
    start = end;
  }
  return ranges;
}

/** How much of `piece`, which is one unit longer than the limit, is taken. */
function cut(piece: string, limit: number, mode: "hard" | "preferred"): number {
  const within = piece.slice(0, limit);
  const preferred =
    mode === "preferred"
      ? [/^[\s\S]*\n[\t ]*\n+/, /^[\s\S]*\n/, /^[\s\S]*\S\s/].map(
          (pattern) => pattern.exec(within)?.[0].length ?? 0,
        )
      : [];
  return preferred.find((length) => length > 0) ?? safeIndex(piece, limit);
}
