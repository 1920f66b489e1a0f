/** Anything that could need an escape somewhere; a text without it is written as it is. */
const SUSPICIOUS = /[\\`<>[\]()!%^:$&#|~*+=_-]/;

/**
 * Makes one line of captured text inert as Markdown, HTML, Obsidian and Templater syntax wherever it
 * stands in a line (spec 5.7, 3 and 4). Undone by {@link unescapeInline}.
 */
export function escapeInline(line: string): string {
  if (!SUSPICIOUS.test(line)) return line;
  let text = line
    // A backslash before punctuation or at the end would itself be an escape or a line break.
    .replace(/\\(?=[!-/:-@[-`{-~]|$)/g, "\\\\")
    .replace(/&(?=#?[a-zA-Z0-9]+;)/g, "&amp;")
    .replace(/`/g, "\\`")
    .replace(/<(?=[a-zA-Z/!?])/g, "&lt;")
    .replace(/<(?=%)/g, "\\<")
    .replace(/%(?=>)/g, "\\%")
    .replace(/%%/g, "\\%\\%")
    .replace(/\[\[/g, "\\[\\[")
    .replace(/!\[/g, "!\\[")
    .replace(/\[(?=[!^])/g, "\\[")
    .replace(/\](?=[(:[])/g, "\\]")
    .replace(/:(?=:)/g, ":\\")
    .replace(/\^(?=[A-Za-z0-9-]+\s*$)/, "\\^");
  // One dollar sign is money, two are a formula.
  if (text.indexOf("$") !== text.lastIndexOf("$")) text = text.replace(/\$/g, "\\$");
  return text;
}

/** Makes the start of one line inert: headings, quotes, lists, tables, rules, fences (spec 5.7, 2). */
export function escapeLineStart(line: string): string {
  const [lead = ""] = /^ */.exec(line) ?? [];
  const rest = line.slice(lead.length);
  if (/^(?:[#>|]|~~~|[-*+](?:\s|$)|=+\s*$|-+\s*$|(?:[-*_] *){3,}$|[-:| ]+$)/.test(rest) && rest !== "")
    return `${lead}\\${rest}`;
  const ordered = /^(\d{1,9})([.)])(?=\s|$)/.exec(rest);
  if (ordered) return `${lead}${ordered[1]}\\${rest.slice(ordered[1]?.length)}`;
  return line;
}

/** The inverse of {@link escapeInline} and {@link escapeLineStart} for a line we wrote. */
export function unescapeInline(line: string): string {
  if (!/[\\&]/.test(line)) return line;
  return line.replace(/\\([!-/:-@[-`{-~])|&(lt|amp);/g, (_, escaped: string | undefined, entity: string) =>
    escaped !== undefined ? escaped : entity === "lt" ? "<" : "&",
  );
}
