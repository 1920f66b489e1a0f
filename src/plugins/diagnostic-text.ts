import { hasDeceptiveCharacters, shownText } from "../kernel/shown-text.ts";

/** Longest text of a plugin that diagnostics, records and logs carry. */
export const MAX_DIAGNOSTIC_LENGTH = 4_096;

/** What a plugin says, fit to be shown: of bounded length, unable to steer a terminal or hide a part of itself. */
export function diagnosticText(text: string): string {
  const short = text.length > MAX_DIAGNOSTIC_LENGTH ? `${text.slice(0, MAX_DIAGNOSTIC_LENGTH - 1)}…` : text;
  return shownText(short);
}

/** Whether a name holds characters that nobody can see. */
export function hasControlCharacters(name: string): boolean {
  return hasDeceptiveCharacters(name) || /[\t\n]/.test(name);
}
