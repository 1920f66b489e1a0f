import { unescapeInline } from "./escape.ts";

/** One entry as read back from a vault file. */
export interface ParsedEntry {
  blockId: string;
  /** `HH:mm:ss`, with the date in front when it differs from the file's. */
  when: string;
  sourceType: string;
  title: string;
  /** Data fields in file order, as displayed. */
  fields: [name: string, value: string][];
  source: string;
  captured: string;
  text: string;
}

const HEADING = /^## ((?:\d{4}-\d{2}-\d{2} )?\d{2}:\d{2}:\d{2}) ([a-z_]+)(?: · (.*))?$/;
const FIELD = /^- (`(?:[^`]*)`|[A-Za-z0-9_. -]{1,64}?):(?: (.*))?$/;

/**
 * Reads the entries of a vault file back. Text that is not part of an entry (the header, a user's own
 * notes) is skipped; an entry a user broke up is skipped too.
 */
export function parseVaultFile(content: string): ParsedEntry[] {
  const entries: ParsedEntry[] = [];
  let open:
    | { when: string; sourceType: string; title: string; fields: [string, string][]; text: string[] }
    | undefined;
  for (const line of content.split("\n")) {
    const heading = HEADING.exec(line);
    if (heading) {
      const [, when = "", sourceType = "", title = ""] = heading;
      open = { when, sourceType, title: unescapeInline(title), fields: [], text: [] };
      continue;
    }
    if (!open) continue;
    if (line === ">" || line.startsWith("> ")) open.text.push(unescapeInline(line.slice(2)));
    else if (line.startsWith("- ")) {
      const field = FIELD.exec(line);
      if (field) open.fields.push([unquoteKey(field[1] ?? ""), readValue(field[2] ?? "")]);
    } else if (line.startsWith("^oc-")) {
      const captured = open.fields.pop()?.[1] ?? "";
      const source = open.fields.pop()?.[1] ?? "";
      const { when, sourceType, title, fields } = open;
      entries.push({
        blockId: line.slice(1).trimEnd(),
        when,
        sourceType,
        title,
        fields,
        source,
        captured,
        text: open.text.join("\n"),
      });
      open = undefined;
    }
  }
  return entries;
}

function unquoteKey(key: string): string {
  return key.startsWith("`") ? (JSON.parse(key.slice(1, -1)) as string) : key;
}

function readValue(value: string): string {
  if (/^`.*`$/.test(value)) return value.slice(1, -1);
  if (/^<(?:https?:|mailto:)[^>]*>$/i.test(value)) return value.slice(1, -1);
  return unescapeInline(value);
}
