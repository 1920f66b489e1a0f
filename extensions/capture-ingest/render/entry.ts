import { MAX_ENTRY_BYTES, MAX_TITLE_LENGTH } from "../contract/limits.ts";
import type { SourceType } from "../contract/source-types.ts";
import type { CaptureEvent, EventData } from "../contract/validate.ts";
import { cleanText, normaliseBlock, singleLine } from "./clean-text.ts";
import { escapeInline, escapeLineStart } from "./escape.ts";
import { isDroppedKey, renderKey, renderValue } from "./value.ts";
import type { Zone } from "./zone.ts";

/** What all entries of a batch have in common. */
export interface EntryContext {
  sourceType: SourceType;
  pluginId: string;
  pluginVersion: string;
  platform: string;
  deviceId: string;
  test: boolean;
  zone: Zone;
  /** Day of the file, `YYYY-MM-DD`. */
  day: string;
}

const CUT_NOTICE = "> … (cut: the entry was too long)";
/** Room kept for the lines every entry ends with. */
const RESERVED_BYTES = 1_024;
const MAIN_TEXT = ["text", "preview"];

/**
 * One captured event as Markdown (spec 5.8), starting with an empty line and ending with its block id.
 * Every string in it is inert: it cannot open a heading, a link, markup or a template.
 */
export function renderEntry(event: CaptureEvent, context: EntryContext, blockId: string): string {
  const { sourceType } = context;
  const local = context.zone.at(event.timestamp);
  const when = local.date === context.day ? local.time : `${local.date} ${local.time}`;
  const title = renderTitle(event.data, sourceType);
  const main = mainText(event.data, sourceType);
  let room = MAX_ENTRY_BYTES - RESERVED_BYTES;
  let cut = false;

  let lines = "";
  const add = (line: string): boolean => {
    const bytes = Buffer.byteLength(line);
    if (bytes + 1 > room) {
      cut = true;
      return false;
    }
    room -= bytes + 1;
    lines += `${line}\n`;
    return true;
  };

  for (const line of fieldLines(event.data, sourceType, main?.key)) if (!add(line)) break;
  const test = context.test ? " · #capture/test" : "";
  lines += `- source: ${context.pluginId} ${context.pluginVersion} · ${context.platform} · ${context.deviceId.slice(0, 8)}${test}\n`;
  lines += `- captured: ${local.iso}\n`;
  if (main) {
    lines += "\n";
    for (const line of main.text.split("\n")) if (!add(quoted(line))) break;
  }
  if (cut) lines += main ? `${CUT_NOTICE}\n` : `\n${CUT_NOTICE}\n`;
  return `\n## ${when} ${sourceType.name}${title}\n\n${lines}\n^${blockId}\n`;
}

function quoted(line: string): string {
  return line === "" ? ">" : `> ${escapeLineStart(escapeInline(line))}`;
}

function renderTitle(data: EventData, type: SourceType): string {
  const parts: string[] = [];
  for (const field of type.title) {
    const value = data[field];
    if (typeof value !== "string" && typeof value !== "number") continue;
    const text = singleLine(cleanText(String(value)));
    if (text !== "") parts.push(text);
  }
  if (parts.length === 0) return "";
  let title = parts.join(" · ");
  if (title.length > MAX_TITLE_LENGTH)
    title = `${title.slice(0, MAX_TITLE_LENGTH - 1).replace(/[\ud800-\udbff]$/, "")}…`;
  // A closing run of # would be taken as part of the heading's own syntax.
  return ` · ${escapeInline(title).replace(/(#+)$/, "\\$1")}`;
}

function mainText(data: EventData, type: SourceType): { key: string; text: string } | undefined {
  for (const key of MAIN_TEXT) {
    const value = data[key];
    if (typeof value !== "string" || type.dropped?.includes(key)) continue;
    const text = normaliseBlock(cleanText(value));
    if (text !== "") return { key, text };
  }
  return undefined;
}

function* fieldLines(data: EventData, type: SourceType, mainKey: string | undefined): Generator<string> {
  let dropped = 0;
  const names = Object.keys(data);
  const known = type.fields.filter((name) => Object.hasOwn(data, name));
  const others = names.filter((name) => !type.fields.includes(name));
  if (others.length > 1) others.sort();
  for (const name of known.concat(others)) {
    if (name === mainKey || isDroppedKey(name)) continue;
    if (type.dropped?.includes(name.toLowerCase())) {
      dropped++;
      continue;
    }
    const value = renderValue(name, data[name]);
    yield value === "" ? `- ${renderKey(name)}:` : `- ${renderKey(name)}: ${value}`;
  }
  if (dropped > 0) yield `- dropped_fields: ${dropped}`;
}
