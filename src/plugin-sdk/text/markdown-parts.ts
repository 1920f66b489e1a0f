import type { MarkdownIR, MarkdownLinkSpan, MarkdownStyleSpan } from "./markdown.ts";

/** A part of a text with the ranges that lie in it. */
export function sliceMarkdownIR<IR extends MarkdownIR>(ir: IR, start: number, end: number): IR {
  const from = Math.max(0, start);
  const to = Math.max(from, Math.min(end, ir.text.length));
  const cut = <Span extends { start: number; end: number }>(spans: readonly Span[]): Span[] =>
    spans
      .map((span) => ({
        ...span,
        start: Math.max(span.start, from) - from,
        end: Math.min(span.end, to) - from,
      }))
      .filter((span) => span.end > span.start);
  const lists = Object.fromEntries(
    Object.entries(ir)
      .filter(([, value]) => isSpanList(value))
      .map(([key, value]) => [key, cut(value as MarkdownStyleSpan[])]),
  );
  return { ...ir, ...lists, text: ir.text.slice(from, to) };
}

function isSpanList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item?.start === "number" && typeof item.end === "number")
  );
}

/** What is lost less when a text is cut there: a blank line, a line, a word. */
const BREAKS = [/\n{2,}/g, /\n/g, /\s+/g];

/**
 * Cuts a text so that each part, written the platform's way, is at most `limit` long. Marks count, so a part
 * that grows when written is cut again.
 */
export function renderMarkdownIRChunksWithinLimit<Rendered>(params: {
  ir: MarkdownIR;
  limit: number;
  renderChunk(chunk: MarkdownIR): Rendered;
  measureRendered(rendered: Rendered): number;
  [extra: string]: unknown;
}): { source: MarkdownIR; rendered: Rendered }[] {
  const { limit, renderChunk, measureRendered } = params;
  const done: { source: MarkdownIR; rendered: Rendered }[] = [];
  const waiting = params.ir.text === "" ? [] : [params.ir];
  while (waiting.length > 0) {
    const source = waiting.shift() as MarkdownIR;
    const rendered = renderChunk(source);
    const length = measureRendered(rendered);
    if (length <= limit || limit <= 0 || source.text.length <= 1) {
      if (source.text.trim() !== "") done.push({ source, rendered });
      continue;
    }
    // The marks' share of the length stays about the same in a part.
    const room = Math.floor((source.text.length * limit) / length);
    const at = cutPosition(source, Math.max(1, Math.min(room, source.text.length - 1)));
    waiting.unshift(sliceMarkdownIR(source, 0, at.end), sliceMarkdownIR(source, at.next, source.text.length));
  }
  return done;
}

function cutPosition(ir: MarkdownIR, room: number): { end: number; next: number } {
  const { text } = ir;
  for (const pattern of BREAKS) {
    let best: { end: number; next: number } | undefined;
    for (const match of text.slice(0, room + 1).matchAll(pattern)) {
      if (match.index > 0 && match.index <= room)
        best = { end: match.index, next: match.index + match[0].length };
    }
    // A cut in the first quarter makes many small parts; the next weaker break is better.
    if (best && best.end >= room / 4) {
      const rest = /^[^\S\n]*/.exec(text.slice(best.next))?.[0].length ?? 0;
      const keepsIndent = pattern.source === "\\s+" || !isCode(ir, best.next);
      return keepsIndent && pattern.source === "\\s+" ? { end: best.end, next: best.next + rest } : best;
    }
  }
  // Never between the halves of one character.
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(room - 1)) && room > 1;
  const end = splitsPair ? room - 1 : room;
  return { end, next: end };
}

function isCode(ir: MarkdownIR, position: number): boolean {
  return ir.styles.some(
    ({ style, start, end }) => style === "code_block" && position >= start && position < end,
  );
}

export interface AttributedRange {
  start: number;
  length: number;
  style: string;
}

/**
 * Text for platforms that take styles as ranges. `styleMap` names the platform's word for each style; links
 * that are not their own address get it in brackets.
 */
export function renderMarkdownWithAttributedRanges(
  ir: MarkdownIR & { annotations?: readonly { start: number; end: number; type?: string }[] },
  options: {
    styleMap: Readonly<Record<string, string | undefined>>;
    annotationStyleMap?: Readonly<Record<string, string | undefined>>;
    trimEnd?: boolean;
  },
  _profile?: unknown,
): { text: string; ranges: AttributedRange[] } {
  const insertions = [...ir.links]
    .filter((link) => !saysItsAddress(ir.text.slice(link.start, link.end), link))
    .map((link) => ({ at: link.end, text: ` (${link.href})` }))
    .sort((a, b) => a.at - b.at);
  let text = "";
  let position = 0;
  for (const { at, text: inserted } of insertions) {
    text += ir.text.slice(position, at) + inserted;
    position = at;
  }
  text += ir.text.slice(position);
  // A range that ends where an address was put in does not reach over it.
  const shift = (offset: number, isEnd: boolean) =>
    offset +
    insertions
      .filter(({ at }) => (isEnd ? at < offset : at <= offset))
      .reduce((sum, { text: inserted }) => sum + inserted.length, 0);
  const length = options.trimEnd ? text.trimEnd().length : text.length;
  const spans = [
    ...ir.styles.map((span) => ({ ...span, name: options.styleMap[span.style] })),
    ...(ir.annotations ?? []).map((span) => ({
      ...span,
      name: options.annotationStyleMap?.[span.type ?? ""],
    })),
  ];
  const ranges = spans.flatMap(({ start, end, name }) => {
    if (name === undefined) return [];
    const from = shift(start, false);
    const to = Math.min(shift(end, true), length);
    return to > from ? [{ start: from, length: to - from, style: name }] : [];
  });
  return { text: text.slice(0, length), ranges: mergeTouching(ranges) };
}

function saysItsAddress(label: string, link: MarkdownLinkSpan): boolean {
  const bare = (value: string) =>
    value
      .trim()
      .replace(/^(?:https?:\/\/|mailto:|tel:)/i, "")
      .replace(/\/$/, "");
  return bare(label).toLowerCase() === bare(link.href).toLowerCase();
}

function mergeTouching(ranges: AttributedRange[]): AttributedRange[] {
  const merged: AttributedRange[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start || a.style.localeCompare(b.style))) {
    const last = merged.findLast(({ style }) => style === range.style);
    if (last && range.start <= last.start + last.length) {
      last.length = Math.max(last.length, range.start + range.length - last.start);
    } else merged.push({ ...range });
  }
  return merged;
}
