/** Markdown tables for platforms that cannot draw them (`text.convertMarkdownTables`). */
export type MarkdownTableMode = "off" | "bullets" | "code" | "block";

/** `bullets`: one list item per row; `code` and `block`: the table in a code fence; `off`: as it is. */
export function convertMarkdownTables(markdown: string, mode: MarkdownTableMode): string {
  if (mode === "off") return markdown;
  const lines = markdown.split("\n");
  const output: string[] = [];
  let inFence = false;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (/^ {0,3}(`{3,}|~{3,})/.test(line)) inFence = !inFence;
    if (inFence || !isRow(line) || !isDivider(lines[index + 1])) {
      output.push(line);
      continue;
    }
    const headers = cells(line);
    const rows: string[] = [];
    let end = index + 2;
    while (end < lines.length && isRow(lines[end] as string)) rows.push(lines[end++] as string);
    if (mode === "bullets") output.push(...rows.map((row) => bullet(headers, cells(row))));
    else output.push("```", ...lines.slice(index, end), "```");
    index = end - 1;
  }
  return output.join("\n");
}

function bullet(headers: string[], values: string[]): string {
  const parts = values.map((value, index) => (headers[index] ? `${headers[index]}: ${value}` : value));
  return `- ${parts.filter((part) => part !== "").join(", ")}`;
}

function isRow(line: string): boolean {
  return line.trim().startsWith("|") && line.trim().length > 1;
}

function isDivider(line: string | undefined): boolean {
  return line !== undefined && /^\s*\|?(\s*:?-+:?\s*\|)+\s*:?-*:?\s*\|?\s*$/.test(line);
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}
