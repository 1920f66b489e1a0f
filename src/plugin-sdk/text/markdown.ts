import { convertMarkdownTables, type MarkdownTableMode } from "../../channels/text/tables.ts";
import { type MarkdownTable, readTable, tableEnd } from "./markdown-tables.ts";
import { findCodeRegions, isInsideCode } from "./visible-text.ts";

export type MarkdownStyle =
  | "bold"
  | "italic"
  | "strikethrough"
  | "code"
  | "code_block"
  | "spoiler"
  | "blockquote"
  | "heading";

export interface MarkdownStyleSpan {
  start: number;
  end: number;
  style: MarkdownStyle | string;
  language?: string;
}

export interface MarkdownLinkSpan {
  start: number;
  end: number;
  href: string;
}

/** Plain text with what Markdown said about its parts, as ranges. */
export interface MarkdownIR {
  text: string;
  styles: MarkdownStyleSpan[];
  links: MarkdownLinkSpan[];
}

export interface MarkdownRenderOptions {
  styleMarkers: Record<
    string,
    | {
        open: string | ((span: MarkdownStyleSpan) => string);
        close: string | ((span: MarkdownStyleSpan) => string);
      }
    | undefined
  >;
  escapeText(text: string): string;
  buildLink?(
    link: MarkdownLinkSpan,
    text: string,
    context: { origin: string },
  ): { start: number; end: number; open: string; close: string } | null;
}

interface Marker {
  at: number;
  opens: boolean;
  text: string;
  /** The other end; of two that open together the longer opens first. */
  partner: number;
}

/** Writes ranges with the marks of a platform. Ranges that cross are closed and not reopened. */
export function renderMarkdownWithMarkers(
  ir: MarkdownIR,
  options: MarkdownRenderOptions,
  _profile?: FormatProfile,
): string {
  const markers: Marker[] = [];
  const add = (start: number, end: number, open: string, close: string) => {
    if (start >= end) return;
    markers.push({ at: start, opens: true, text: open, partner: end });
    markers.push({ at: end, opens: false, text: close, partner: start });
  };
  for (const span of ir.styles) {
    const marker = options.styleMarkers[span.style];
    if (!marker) continue;
    const text = (part: typeof marker.open) => (typeof part === "function" ? part(span) : part);
    add(span.start, span.end, text(marker.open), text(marker.close));
  }
  for (const link of ir.links) {
    const built = options.buildLink?.(link, ir.text.slice(link.start, link.end), { origin: "markdown" });
    if (built) add(built.start, built.end, built.open, built.close);
  }
  markers.sort((a, b) => a.at - b.at || Number(a.opens) - Number(b.opens) || b.partner - a.partner);
  let output = "";
  let position = 0;
  for (const marker of markers) {
    output += options.escapeText(ir.text.slice(position, marker.at)) + marker.text;
    position = marker.at;
  }
  return output + options.escapeText(ir.text.slice(position));
}

export interface MarkdownParseOptions {
  headingStyle?: "none" | "bold";
  enableSpoilers?: boolean;
  linkify?: boolean;
  /** What becomes of tables; `block` takes them out of the text. Default: they stay as they are. */
  tableMode?: MarkdownTableMode;
  [extra: string]: unknown;
}

const INLINE: readonly { style: MarkdownStyle; pattern: RegExp }[] = [
  { style: "bold", pattern: /\*\*(?=\S)([\s\S]+?)(?<=\S)\*\*|__(?=\S)([\s\S]+?)(?<=\S)__/ },
  { style: "strikethrough", pattern: /~~(?=\S)([\s\S]+?)(?<=\S)~~/ },
  {
    style: "italic",
    pattern: /(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)/,
  },
];

/** Reads the Markdown of chat answers: emphasis, code, links, headings, lists and quotes. */
export function markdownToIR(markdown: string, options: MarkdownParseOptions = {}): MarkdownIR {
  return parse(markdown, options, () => {});
}

function parse(
  markdown: string,
  options: MarkdownParseOptions,
  onTable: (table: MarkdownTable) => void,
): MarkdownIR {
  const ir: MarkdownIR = { text: "", styles: [], links: [] };
  const { tableMode = "off" } = options;
  const source = tableMode === "block" ? markdown : convertMarkdownTables(markdown, tableMode);
  const starts: number[] = [];
  const lines = [...source.matchAll(/([^\r\n]*)(?:\r\n?|\n|$)/g)].slice(0, lineCount(source)).map((match) => {
    starts.push(match.index);
    return match[1] as string;
  });
  for (let index = 0; index < lines.length; index++) {
    if (index > 0) ir.text += "\n";
    const line = lines[index] as string;
    const fence = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/.exec(line);
    if (fence) {
      const end = closingFence(lines, index + 1, fence[1] as string);
      const code = lines.slice(index + 1, end).join("\n");
      append(ir, code, "code_block", fence[2] ? { language: fence[2] } : {});
      index = Math.min(end, lines.length - 1);
      continue;
    }
    const afterTable = tableMode === "block" ? tableEnd(lines, index) : undefined;
    if (afterTable !== undefined) {
      const last = afterTable - 1;
      const place = {
        start: (starts[index] as number) + line.search(/\S/),
        end: (starts[last] as number) + (lines[last] as string).length,
      };
      const readCell = (text: string) => {
        const cell: MarkdownIR = { text: "", styles: [], links: [] };
        appendInline(cell, text, options);
        return cell;
      };
      onTable(readTable(lines.slice(index, afterTable), place, ir.text.length, readCell));
      index = last;
      continue;
    }
    appendLine(ir, line, options);
  }
  return ir;
}

function lineCount(text: string): number {
  return text.split(/\r\n?|\n/).length;
}

/** The same with the tables that were taken out (`tableMode: "block"`), and whether there are any at all. */
export function markdownToIRWithMeta(
  markdown: string,
  options: MarkdownParseOptions = {},
): { ir: MarkdownIR; tables: MarkdownTable[]; hasTables: boolean } {
  const tables: MarkdownTable[] = [];
  const ir = parse(markdown, options, (table) => tables.push(table));
  const hasTables = tables.length > 0 || /^\s*\|.*\|\s*\n\s*\|?[\s:|-]+\|/m.test(markdown);
  return { ir, tables, hasTables };
}

function closingFence(lines: readonly string[], from: number, fence: string): number {
  const closing = new RegExp(`^ {0,3}${fence.charAt(0) === "~" ? "~" : "`"}{${fence.length},}\\s*$`);
  const found = lines.findIndex((line, at) => at >= from && closing.test(line));
  return found < 0 ? lines.length : found;
}

function append(ir: MarkdownIR, text: string, style: MarkdownStyle, extra: { language?: string } = {}): void {
  const start = ir.text.length;
  ir.text += text;
  if (text !== "") ir.styles.push({ start, end: ir.text.length, style, ...extra });
}

function appendLine(ir: MarkdownIR, line: string, options: MarkdownParseOptions): void {
  const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(line);
  const quote = /^ {0,3}>\s?(.*)$/.exec(line);
  const list = /^(\s*)[-*+]\s+(.*)$/.exec(line);
  const start = ir.text.length;
  if (heading) appendInline(ir, heading[1] as string, options);
  else if (quote) appendInline(ir, quote[1] as string, options);
  else if (list) {
    ir.text += `${list[1] ?? ""}• `;
    appendInline(ir, list[2] as string, options);
  } else appendInline(ir, line, options);
  if (heading && options.headingStyle === "bold" && ir.text.length > start) {
    ir.styles.push({ start, end: ir.text.length, style: "bold" });
  }
  if (quote && ir.text.length > start) ir.styles.push({ start, end: ir.text.length, style: "blockquote" });
}

function appendInline(ir: MarkdownIR, text: string, options: MarkdownParseOptions): void {
  const code = /(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/.exec(text);
  const link = /!?\[([^\]\n]*)\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/.exec(text);
  const spoiler = options.enableSpoilers ? /\|\|(?=\S)(.+?)(?<=\S)\|\|/.exec(text) : null;
  const candidates = [
    ...INLINE.map(({ style, pattern }) => ({ style, match: pattern.exec(text) })),
    { style: "code" as const, match: code },
    { style: "spoiler" as const, match: spoiler },
    { style: "link" as const, match: link },
  ].filter((candidate) => candidate.match !== null);
  const first = candidates.sort((a, b) => (a.match?.index ?? 0) - (b.match?.index ?? 0))[0];
  if (!first?.match) {
    ir.text += text.replace(/\\([\\`*_{}[\]()#+.!~|>-])/g, "$1");
    return;
  }
  const { match, style } = first;
  appendInline(ir, text.slice(0, match.index), options);
  const start = ir.text.length;
  if (style === "code") ir.text += (match[2] as string).trim();
  else appendInline(ir, match[1] ?? match[2] ?? "", options);
  const end = ir.text.length;
  if (style === "link") ir.links.push({ start, end, href: match[2] as string });
  else if (end > start) ir.styles.push({ start, end, style });
  appendInline(ir, text.slice((match.index ?? 0) + match[0].length), options);
}

/** Text without Markdown's marks; links keep their address in brackets. */
export function stripMarkdown(text: string): string {
  const ir = markdownToIR(text);
  let output = "";
  let position = 0;
  for (const link of [...ir.links].sort((a, b) => a.end - b.end)) {
    const label = ir.text.slice(link.start, link.end);
    output += ir.text.slice(position, link.end);
    if (label.trim() !== link.href) output += ` (${link.href})`;
    position = link.end;
  }
  return (output + ir.text.slice(position))
    .replace(/^ {0,3}(?:[-*_] ?){3,}$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

export interface FormatProfile {
  mechanism: "markdown" | "html" | "ranges" | "blocks" | "plain";
  constructs: Record<string, unknown>;
  chunk: { limit: number; unit: "chars" | "utf16" | "bytes"; hardCap?: number };
}

/** What a platform can show, stated once by its channel. */
export const FormatCapabilityProfile = {
  define: (
    profile: Omit<FormatProfile, "constructs"> & { constructs?: Record<string, unknown> },
  ): FormatProfile => Object.freeze({ ...profile, constructs: Object.freeze({ ...profile.constructs }) }),
};

/** Simple Markdown in place of HTML; `style: "markdown"` keeps the emphasis as it is. */
export function sanitizeForPlainText(text: string, options: { style?: "markdown" } = {}): string {
  const regions = findCodeRegions(text);
  const mark =
    options.style === "markdown"
      ? { bold: "**", italic: "_", strike: "~~" }
      : { bold: "*", italic: "_", strike: "~" };
  return text.replace(
    /<(\/?)([a-z][a-z0-9]*)\b[^<>]*>/gi,
    (tag, closing: string, name: string, offset: number) => {
      if (isInsideCode(offset, regions)) return tag;
      switch (name.toLowerCase()) {
        case "br":
          return "\n";
        case "p":
        case "div":
          return closing ? "\n" : "";
        case "b":
        case "strong":
          return mark.bold;
        case "i":
        case "em":
          return mark.italic;
        case "s":
        case "strike":
        case "del":
          return mark.strike;
        case "code":
          return "`";
        case "li":
          return closing ? "" : "• ";
        case "ul":
        case "ol":
        case "span":
        case "u":
        case "a":
          return "";
        default:
          return tag;
      }
    },
  );
}
