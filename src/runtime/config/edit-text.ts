import { isDeepStrictEqual } from "node:util";
import json5 from "json5";
import type { ConfigRecord } from "./parse-text.ts";

/**
 * The text of `next`, with the comments and layout of `text` kept where the editor can. `kept` is false
 * when it could not and the text was written anew.
 */
export async function editConfigText(
  text: string,
  next: ConfigRecord,
): Promise<{ text: string; kept: boolean }> {
  if (text.trim() === "") return { text: plainText(next), kept: true };
  try {
    const { default: jju } = await import("jju");
    const edited = jju.update(text, next, { mode: "json5", indent: 2 });
    // The editor is trusted only as far as its result reads back the same.
    if (isDeepStrictEqual(json5.parse(edited), next)) return { text: withNewline(edited), kept: true };
  } catch {
    // Falls through: a file the editor can not handle is written anew.
  }
  return { text: plainText(next), kept: false };
}

function plainText(value: ConfigRecord): string {
  return withNewline(json5.stringify(value, { space: 2, quote: '"' }));
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
