/** Aligned columns under a heading; cells are cut to one line. `empty` is shown when there are no rows. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  empty: string,
): string {
  if (rows.length === 0) return empty;
  const cells = [headings, ...rows].map((row) => row.map(cell));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const LONGEST_CELL = 60;

function cell(value: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not be steered by data
  const text = String(value ?? "-").replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
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
