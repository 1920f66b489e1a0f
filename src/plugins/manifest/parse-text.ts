import { SluiceError } from "../../kernel/errors.ts";
import { isForbiddenKey, type JsonErrorCode } from "../../kernel/safe-json.ts";
import { MAX_MANIFEST_DEPTH } from "./limits.ts";

/** Longer texts that are not plain JSON are read in a thread: JSON5 is read a hundred times slower. */
export const MAX_JSON5_LENGTH_HERE = 16_384;

const BYTE_ORDER_MARK = 0xfeff;

/**
 * Parses metadata text as JSON, or as JSON5 when it is not. Prototype keys are removed, depth is bounded.
 *
 * @throws SluiceError `JSON_INVALID` or `JSON_TOO_DEEP`
 */
export async function parseMetadataText(source: string): Promise<unknown> {
  const text = source.charCodeAt(0) === BYTE_ORDER_MARK ? source.slice(1) : source;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = text.length > MAX_JSON5_LENGTH_HERE ? await parseElsewhere(text) : await parseHere(text);
  }
  return cleansed(value);
}

async function parseHere(text: string): Promise<unknown> {
  const { default: JSON5 } = await import("json5");
  try {
    return JSON5.parse(text);
  } catch (cause) {
    throw new SluiceError(
      "JSON_INVALID",
      `not valid JSON: ${(cause as Error).message.replace(/^JSON5: /, "")}`,
      { cause },
    );
  }
}

async function parseElsewhere(text: string): Promise<unknown> {
  const { json5InThread } = await import("./json5-thread.ts");
  return JSON.parse(await json5InThread(text));
}

/**
 * Removes prototype keys and refuses what is nested too deep; level by level, because the text could exhaust a
 * stack. `constructor` as plain text is harmless, an object under that name is not.
 */
function cleansed(root: unknown): unknown {
  let level: object[] = isNode(root) ? [root] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_MANIFEST_DEPTH) {
      throw new SluiceError<JsonErrorCode>(
        "JSON_TOO_DEEP",
        `JSON is nested deeper than ${MAX_MANIFEST_DEPTH} levels`,
        { details: { maxDepth: MAX_MANIFEST_DEPTH } },
      );
    }
    const next: object[] = [];
    for (const node of level) {
      if (Array.isArray(node)) {
        for (const item of node) if (isNode(item)) next.push(item);
        continue;
      }
      const fields = node as Record<string, unknown>;
      // What was parsed has nothing inherited that could be enumerated.
      for (const key in fields) {
        const value = fields[key];
        if (isForbiddenKey(key) && (key === "__proto__" || isNode(value))) delete fields[key];
        else if (isNode(value)) next.push(value);
      }
    }
    level = next;
  }
  return root;
}

function isNode(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
