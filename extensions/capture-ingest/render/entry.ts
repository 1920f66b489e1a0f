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

const SEPARATOR = " · ";
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
  const head = `\n## ${when} ${sourceType.name}${title.text}\n\n`;
  const test = context.test ? " · #capture/test" : "";
  const tail =
    `- source: ${context.pluginId} ${context.pluginVersion} · ${context.platform} · ${context.deviceId.slice(0, 8)}${test}\n` +
    `- captured: ${local.iso}\n`;
  const end = `\n^${blockId}\n`;
  const main = mainText(event.data, sourceType);
  const fields = fieldLines(event.data, sourceType, main ? [main.key, ...title.shown] : title.shown);
  const quote = main ? main.text.split("\n").map(quoted) : [];

  const whole = head + joined(fields) + tail + (main ? `\n${joined(quote)}` : "") + end;
  // Three bytes is the most a character takes; only a long entry has to be counted exactly.
  if (whole.length * 3 <= MAX_ENTRY_BYTES || Buffer.byteLength(whole) <= MAX_ENTRY_BYTES) return whole;
  const room = { bytes: MAX_ENTRY_BYTES - RESERVED_BYTES };
  const kept = joined(fitting(fields, room)) + tail;
  return `${head}${kept}\n${joined(fitting(quote, room))}${CUT_NOTICE}\n${end}`;
}

function joined(lines: readonly string[]): string {
  let text = "";
  for (const line of lines) text += `${line}\n`;
  return text;
}

/** As many of the lines as there is room for. */
function fitting(lines: readonly string[], room: { bytes: number }): string[] {
  const kept: string[] = [];
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1;
    if (bytes > room.bytes) break;
    room.bytes -= bytes;
    kept.push(line);
  }
  return kept;
}

function quoted(line: string): string {
  return line === "" ? ">" : `> ${escapeLineStart(escapeInline(line))}`;
}

/** The heading's title, and the fields it shows in full, which need no line of their own. */
function renderTitle(data: EventData, type: SourceType): { text: string; shown: readonly string[] } {
  const parts: string[] = [];
  const shown: string[] = [];
  for (const field of type.title) {
    const value = data[field];
    if (typeof value !== "string" && typeof value !== "number") continue;
    const given = String(value);
    const text = singleLine(cleanText(given));
    if (text === "") continue;
    parts.push(text);
    if (text === given && !text.includes(SEPARATOR)) shown.push(field);
  }
  if (parts.length === 0) return { text: "", shown };
  let title = parts.join(SEPARATOR);
  const cut = title.length > MAX_TITLE_LENGTH;
  if (cut) title = `${title.slice(0, MAX_TITLE_LENGTH - 1).replace(/[\ud800-\udbff]$/, "")}…`;
  // A closing run of # would be taken as part of the heading's own syntax.
  const text = `${SEPARATOR}${escapeInline(title).replace(/(#+)$/, "\\$1")}`;
  return { text, shown: cut ? [] : shown };
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

function fieldLines(data: EventData, type: SourceType, elsewhere: readonly string[]): string[] {
  const lines: string[] = [];
  let dropped = 0;
  const add = (name: string) => {
    if (elsewhere.includes(name) || isDroppedKey(name)) return;
    if (type.dropped?.includes(name.toLowerCase())) {
      dropped++;
      return;
    }
    const value = renderValue(name, data[name]);
    lines.push(value === "" ? `- ${renderKey(name)}:` : `- ${renderKey(name)}: ${value}`);
  };
  for (const name of type.fields) if (Object.hasOwn(data, name)) add(name);
  const others = Object.keys(data).filter((name) => !type.fields.includes(name));
  if (others.length > 1) others.sort();
  for (const name of others) add(name);
  if (dropped > 0) lines.push(`- dropped_fields: ${dropped}`);
  return lines;
}
