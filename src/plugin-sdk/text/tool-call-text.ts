import { type CodeRegion, isInsideCode } from "./visible-text.ts";

const OPENINGS = [
  {
    begin: /^\[(?:tool_call|tool|function):\s*[\w.-]+\][^\S\n]*/gim,
    end: /\[\/?(?:end_)?(?:tool_call|tool|function)(?:_end)?\]/i,
  },
  { begin: /^\[TOOL_CALLS?\][^\S\n]*/gim, end: /\[\/TOOL_CALLS?\]/i },
  { begin: /<\|tool_call(?:s_begin)?\|>/gi, end: /<\|(?:\/tool_call|tool_calls_end)\|>/i },
];

/** Takes tool calls out that a model wrote as plain text, each with its arguments; the rest stays as it is. */
export function stripPlainTextToolCallBlocks(
  text: string,
  options: { resolveProtectedRanges?(text: string): readonly CodeRegion[] } = {},
): string {
  let result = text;
  for (const { begin, end } of OPENINGS) {
    const kept = options.resolveProtectedRanges?.(result) ?? [];
    let output = "";
    let position = 0;
    for (const match of result.matchAll(begin)) {
      if (match.index < position || isInsideCode(match.index, kept)) continue;
      const after = match.index + match[0].length;
      const stop = endOfCall(result, after, end);
      if (stop === undefined) continue;
      output += result.slice(position, match.index);
      position = stop;
    }
    result = output + result.slice(position);
  }
  return result;
}

/** Behind the arguments, and behind the closing mark where there is one; `undefined`: it is no call. */
function endOfCall(text: string, from: number, end: RegExp): number | undefined {
  const gap = /^\s*/.exec(text.slice(from))?.[0].length ?? 0;
  const after = endOfJson(text, from + gap);
  const start = after ?? from;
  const closing = end.exec(text.slice(start));
  if (closing && (after === undefined || text.slice(start, start + closing.index).trim() === "")) {
    return start + closing.index + closing[0].length;
  }
  return after;
}

function endOfJson(text: string, from: number): number | undefined {
  if (text[from] !== "{" && text[from] !== "[") return undefined;
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return undefined;
}
