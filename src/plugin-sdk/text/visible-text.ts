/** Text as a person is to see it. */

/** Where code is: fenced blocks and inline spans, as half-open ranges. */
export interface CodeRegion {
  start: number;
  end: number;
}

export function findCodeRegions(text: string): CodeRegion[] {
  const regions: CodeRegion[] = [];
  const fences = /(^|\n)[ \t]{0,3}(`{3,}|~{3,})[^\n]*(?:\n[\s\S]*?(?:\n[ \t]{0,3}\2[^\n]*(?=\n|$)|$)|$)/g;
  for (const match of text.matchAll(fences)) {
    const start = (match.index ?? 0) + (match[1]?.length ?? 0);
    regions.push({ start, end: (match.index ?? 0) + match[0].length });
  }
  for (const match of text.matchAll(/(?<!`)(`+)(?!`)([^\n]*?[^`\n])\1(?!`)/g)) {
    const start = match.index ?? 0;
    if (!isInsideCode(start, regions)) regions.push({ start, end: start + match[0].length });
  }
  return regions.sort((a, b) => a.start - b.start);
}

export function isInsideCode(position: number, regions: readonly CodeRegion[]): boolean {
  return regions.some(({ start, end }) => position >= start && position < end);
}

/** Replaces outside code only. */
function replaceOutsideCode(text: string, pattern: RegExp, replacement: string): string {
  const regions = findCodeRegions(text);
  return text.replace(pattern, (...args) => {
    const offset = args.find((arg): arg is number => typeof arg === "number") ?? 0;
    return isInsideCode(offset, regions) ? (args[0] as string) : replacement;
  });
}

const REASONING = /<\s*(think(?:ing)?|thought|antthinking|reasoning)\b[^<>]*>[\s\S]*?<\s*\/\s*\1\s*>/gi;
const OPEN_REASONING = /<\s*(?:think(?:ing)?|thought|antthinking|reasoning)\b[^<>]*>[\s\S]*$/i;
const STRAY_TAG = /<\s*\/?\s*(?:think(?:ing)?|thought|antthinking|reasoning|final)\b[^<>]*>/gi;

/** Takes the model's reasoning out, also when its end is missing. `preserve` keeps what an open tag began. */
export function stripReasoningTagsFromText(
  text: string,
  options: { mode?: "strict" | "preserve"; trim?: "none" | "start" | "both" } = {},
): string {
  if (!/<\s*\/?\s*(?:think|thought|antthinking|reasoning|final)/i.test(text)) return text;
  let result = replaceOutsideCode(text, REASONING, "");
  if (options.mode !== "preserve") result = replaceOutsideCode(result, OPEN_REASONING, "");
  result = replaceOutsideCode(result, STRAY_TAG, "");
  const trim = options.trim ?? "both";
  return trim === "both" ? result.trim() : trim === "start" ? result.trimStart() : result;
}

const TOOL_TAGS =
  /<\s*(tool_call|tool_calls|function_calls?|invoke|tool_result|function_response)\b[^<>]*>[\s\S]*?(?:<\s*\/\s*\1\s*>|$)/gi;

/** Takes tool calls out that a model wrote as text. */
export function stripToolCallXmlTags(text: string): string {
  return replaceOutsideCode(text, TOOL_TAGS, "");
}

const CONTROL_TOKENS = /<\|[^|<>\n]{1,64}\|>|<｜[^｜<>\n]{1,64}｜>/g;
const DIRECTIVES = /\[\[\s*(?:reply_to_current|audio_as_voice|reply_to:\s*[^\]\s]+)\s*\]\][ \t]?/gi;

export function stripInlineDirectiveTagsForDisplay(text: string): string {
  return replaceOutsideCode(text, DIRECTIVES, "");
}

/** The text as it is sent, and whether tags were in it. */
export function stripInlineDirectiveTagsForDelivery(text: string): { text: string; changed: boolean } {
  const stripped = stripInlineDirectiveTagsForDisplay(text);
  return stripped === text ? { text, changed: false } : { text: stripped.trim(), changed: true };
}

/** An answer without reasoning, tool calls and control tokens. */
export function sanitizeAssistantVisibleText(text: string): string {
  if (!/[<[｜]/.test(text)) return text.trim() === text ? text : text.trim();
  const visible = replaceOutsideCode(
    stripToolCallXmlTags(stripReasoningTagsFromText(text)),
    CONTROL_TOKENS,
    "",
  );
  return visible.trim();
}

export function sanitizeAssistantVisibleTextWithProfile(text: string, profile = "delivery"): string {
  return profile === "history" ? text.trim() : sanitizeAssistantVisibleText(text);
}

const ESCAPE = String.fromCharCode(27);
const ANSI = new RegExp(`${ESCAPE}\\[[0-9;?]*[ -/]*[@-~]`, "g");

/** Text that can not move the cursor of a terminal. */
export function sanitizeTerminalText(text: string): string {
  return [...text.replace(ANSI, "")]
    .filter((character) => {
      const code = character.codePointAt(0) ?? 0;
      return character === "\n" || character === "\t" || (code >= 32 && (code < 127 || code > 159));
    })
    .join("");
}
