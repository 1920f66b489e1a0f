/** Longest text of a plugin that diagnostics, records and logs carry. */
export const MAX_DIAGNOSTIC_LENGTH = 4_096;

/** Control characters but for line breaks and tabs, and those that turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** What a plugin says, fit to be shown: of bounded length, unable to steer a terminal or hide a part of itself. */
export function diagnosticText(text: string): string {
  const short = text.length > MAX_DIAGNOSTIC_LENGTH ? `${text.slice(0, MAX_DIAGNOSTIC_LENGTH - 1)}…` : text;
  return short.replace(CONTROL, "\ufffd");
}

/** Whether a name holds characters that nobody can see. */
export function hasControlCharacters(name: string): boolean {
  CONTROL.lastIndex = 0;
  return CONTROL.test(name) || /[\t\n]/.test(name);
}
