import type { MarkdownIR } from "./markdown.ts";

/** A table of a Markdown text, taken out of it. */
export interface MarkdownTable {
  headers: string[];
  rows: string[][];
  /** The same with what Markdown said about their parts. */
  headerCells: MarkdownIR[];
  rowCells: MarkdownIR[][];
  /** Where it stood in the text that is left. */
  placeholderOffset: number;
}

/** Where a table stood in the Markdown it was read from; ends before the line break. */
export interface MarkdownTableSource {
  start: number;
  end: number;
}

const SOURCES = new WeakMap<object, MarkdownTableSource>();

export function getMarkdownTableSource(table: MarkdownTable): MarkdownTableSource | undefined {
  return SOURCES.get(table);
}

/** The line after the table that begins at a line; `undefined` when none does. */
export function tableEnd(lines: readonly string[], from: number): number | undefined {
  if (!isRow(lines[from]) || !isDivider(lines[from + 1])) return undefined;
  let end = from + 2;
  while (isRow(lines[end])) end++;
  return end;
}

export function readTable(
  lines: readonly string[],
  source: MarkdownTableSource,
  placeholderOffset: number,
  readCell: (text: string) => MarkdownIR,
): MarkdownTable {
  const headerCells = cellsOf(lines[0] as string).map(readCell);
  const rowCells = lines.slice(2).map((line) =>
    cellsOf(line)
      // As GitHub does: a row has as many cells as the heading.
      .slice(0, headerCells.length)
      .map(readCell),
  );
  const textOf = ({ text }: MarkdownIR) => text;
  const table: MarkdownTable = {
    headers: headerCells.map(textOf),
    rows: rowCells.map((row) => row.map(textOf)),
    headerCells,
    rowCells,
    placeholderOffset,
  };
  SOURCES.set(table, source);
  return table;
}

function isRow(line: string | undefined): boolean {
  const text = line?.trim() ?? "";
  return text.startsWith("|") && text.length > 1;
}

function isDivider(line: string | undefined): boolean {
  return isRow(line) && cellsOf(line as string).every((cell) => /^:?-+:?$/.test(cell));
}

/** A pipe with a backslash before it belongs to its cell. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}
