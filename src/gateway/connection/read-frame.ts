import { isSluiceError } from "../../kernel/errors.ts";
import { parseJson } from "../../kernel/safe-json.ts";
import { parseRequestFrame } from "../../protocol/frames.ts";
import { MAX_FRAME_BYTES, MAX_FRAME_DEPTH } from "../../protocol/limits.ts";

/** `undefined` for text that is no JSON; unsafe JSON is a frame that is refused. */
export function readFrame(text: string) {
  let value: unknown;
  try {
    value = parseJson(text, { maxBytes: MAX_FRAME_BYTES, maxDepth: MAX_FRAME_DEPTH });
  } catch (error) {
    if (!isSluiceError(error) || error.code === "JSON_INVALID") return undefined;
    return { ok: false as const, id: "invalid", message: `invalid request frame: ${error.message}` };
  }
  return parseRequestFrame(value);
}
