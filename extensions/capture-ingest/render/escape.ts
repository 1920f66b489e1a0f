/** Anything that {@link escapeInline} could have to escape; a line without it is written as it is. */
const SUSPICIOUS = /[\\`<&%[\]^$]|::/;

/**
 * Every character that has to be escaped, by what stands around it in the original text: one pass, so that
 * no escape is escaped again. In order: backslashes that would escape or break a line; code; entities and tags;
 * Templater; comments; wikilinks, embeds, callouts and footnotes; links and definitions; inline fields; anchors.
 */
const ESCAPED = new RegExp(
  [
    "\\\\(?=[!-/:-@[-`{-~]|$)",
    "`",
    "&(?=#?[a-zA-Z0-9]+;)|<(?=[a-zA-Z/!?])",
    "(?<=<)%|(?<=%)>",
    "%(?=%)|(?<=%)%",
    "\\[(?=[[!^])|(?<=[[!])\\[",
    "\\](?=[(:[])",
    "(?<=:):",
    "\\^(?=[A-Za-z0-9-]+\\s*$)",
  ].join("|"),
  "g",
);

/**
 * Makes one line of captured text inert as Markdown, HTML, Obsidian and Templater syntax wherever it
 * stands in a line (spec 5.7, 3 and 4). Undone by {@link unescapeInline}.
 */
export function escapeInline(line: string): string {
  if (!SUSPICIOUS.test(line)) return line;
  const text = line.replace(ESCAPED, (found) =>
    found === "<" ? "&lt;" : found === "&" ? "&amp;" : `\\${found}`,
  );
  // One dollar sign is money, two are a formula.
  return text.indexOf("$") === text.lastIndexOf("$") ? text : text.replace(/\$/g, () => "\\$");
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
