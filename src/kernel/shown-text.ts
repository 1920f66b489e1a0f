/**
 * What must not reach a person's eyes as it is: control characters but for tabs and line breaks steer a terminal,
 * the others break lines or turn the direction of text, so that it reads as something else.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const DECEPTIVE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text of somebody else, fit to be shown: nothing in it steers a terminal or hides a part of it. */
export function shownText(text: string): string {
  return text.replace(DECEPTIVE, "\ufffd");
}

/** The same on one line, so that it can not pretend to be the next one; what may not be shown becomes a space. */
export function shownLine(text: string): string {
  return text.replace(DECEPTIVE, "\n").replace(/[\t\n]+/g, " ");
}

/** The same inside serialised JSON: the value stays what it is. */
export function shownJson(json: string): string {
  return json.replace(
    DECEPTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function hasDeceptiveCharacters(text: string): boolean {
  return text.search(DECEPTIVE) >= 0;
}
