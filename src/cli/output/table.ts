import { shownLine } from "../../kernel/shown-text.ts";

/**
 * Aligned columns under a heading; `empty` is shown when there are no rows. Cells are one line and cut, but for
 * those of the last column: they go on below themselves when the terminal is only `width` characters wide, and are
 * whole in a pipe (no width).
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  empty: string,
  width?: number,
): string {
  if (rows.length === 0) return empty;
  const last = headings.length - 1;
  const cells = [headings, ...rows].map((row) =>
    row.map((value, column) => (column === last ? plain(value) : cut(plain(value)))),
  );
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const before = widths.slice(0, last).reduce((sum, size) => sum + size + GAP.length, 0);
  const room = width === undefined ? undefined : Math.max(width - before, NARROWEST_COLUMN);
  return cells
    .map((row) => {
      const [first = "", ...more] = wrap(row[last] ?? "", room);
      const start = row.slice(0, last).map((text, column) => text.padEnd(widths[column] ?? 0));
      const lines = [[...start, first].join(GAP), ...more.map((line) => " ".repeat(before) + line)];
      return lines.map((line) => line.trimEnd()).join("\n");
    })
    .join("\n");
}

const GAP = "  ";
const LONGEST_CELL = 60;
const NARROWEST_COLUMN = 20;

/** `text` in lines of at most `room` characters, broken between words where there are any. */
export function wrap(text: string, room: number | undefined): string[] {
  if (room === undefined || text.length <= room) return [text];
  const lines: string[] = [];
  let rest = text;
  while (rest.length > room) {
    const space = rest.lastIndexOf(" ", room);
    const at = space > 0 ? space : room;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return rest === "" ? lines : [...lines, rest];
}

/** One line without control characters; `-` for nothing. */
export function plain(value: unknown): string {
  return shownLine(String(value ?? "-"));
}

function cut(text: string): string {
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text;
}

/** `3 s`, `4 min`, `5 h`, `6 d` ago, for tables. */
export function ago(instantMs: number | undefined, nowMs: number): string {
  if (!instantMs) return "-";
  const seconds = Math.max(0, Math.round((nowMs - instantMs) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}
