import json5 from "json5";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { assertSafeJson } from "../../kernel/safe-json.ts";

/** Largest configuration or include file. */
export const MAX_CONFIG_BYTES = 4 * 1_024 * 1_024;
export const MAX_CONFIG_DEPTH = 64;

export type ConfigRecord = Record<string, unknown>;

/**
 * Parses JSON5 text to a plain object. Numbers must be finite; keys that reach a prototype are refused.
 *
 * @throws SluiceError `CONFIG_INVALID`; the message names the place
 */
export function parseConfigText(text: string, file: string): ConfigRecord {
  let value: unknown;
  try {
    value = json5.parse(text);
    assertSafeJson(value, MAX_CONFIG_DEPTH);
  } catch (cause) {
    throw invalid(file, errorMessage(cause).replace(/^JSON5: /, ""), cause);
  }
  if (!isRecord(value)) throw invalid(file, "expected an object at the top");
  const bad = findNonFinite(value, "");
  if (bad !== undefined) throw invalid(file, `the number at "${bad}" is not finite`);
  return value;
}

function findNonFinite(value: unknown, path: string): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = findNonFinite(child, path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function invalid(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("CONFIG_INVALID", `${file}: ${reason}`, { details: { file }, cause });
}
