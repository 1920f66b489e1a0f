import { SluiceError } from "../../kernel/errors.ts";
import { assertSafeJson, isForbiddenKey } from "../../kernel/safe-json.ts";
import { MAX_MANIFEST_DEPTH } from "./limits.ts";

/**
 * Parses metadata text as JSON, or as JSON5 when it is not. Prototype keys are removed, depth is bounded.
 *
 * @throws SluiceError `JSON_INVALID` or `JSON_TOO_DEEP`
 */
export async function parseMetadataText(source: string): Promise<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(source, dropPrototypeKeys);
  } catch {
    const { default: JSON5 } = await import("json5");
    try {
      value = JSON5.parse(source, dropPrototypeKeys);
    } catch (cause) {
      throw new SluiceError("JSON_INVALID", `not valid JSON5: ${(cause as Error).message}`, { cause });
    }
  }
  assertSafeJson(value, MAX_MANIFEST_DEPTH);
  return value;
}

/** `constructor` as plain text is harmless, an object under that name is not. */
function dropPrototypeKeys(this: unknown, key: string, value: unknown): unknown {
  if (Array.isArray(this) || !isForbiddenKey(key)) return value;
  return key === "__proto__" || typeof value === "object" ? undefined : value;
}
