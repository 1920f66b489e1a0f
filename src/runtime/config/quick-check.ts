import { isRecord } from "../../kernel/records.ts";
import { assertSafeJson } from "../../kernel/safe-json.ts";
import type { ConfigRecord } from "./parse-text.ts";
import { ROOT_KEYS } from "./root-keys.ts";
import { type CoreSchema, configSchema, type ObjectSchema } from "./schema.ts";

/**
 * Whether nothing is to be said of a configuration, told without the library that says what is wrong. False
 * means that the whole check has to be asked.
 */
export function isFlawless(candidate: ConfigRecord): boolean {
  try {
    assertSafeJson(candidate);
  } catch {
    return false;
  }
  return Object.keys(candidate).every((key) => ROOT_KEYS.includes(key)) && fits(configSchema, candidate);
}

/** Never true of a value that the schema refuses. */
function fits(schema: CoreSchema, value: unknown): boolean {
  if ("anyOf" in schema) return schema.anyOf.some((one) => fits(one, value));
  switch (schema.type) {
    case "string":
      return typeof value === "string" && (schema.const === undefined || value === schema.const);
    case "boolean":
      return typeof value === "boolean";
    case "integer":
    case "number":
      return (
        (schema.type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
        (value as number) >= schema.minimum &&
        (schema.maximum === undefined || (value as number) <= schema.maximum)
      );
    case "array":
      return Array.isArray(value) && value.every((item) => fits(schema.items, item));
    case "object":
      return isRecord(value) && fitsObject(schema, value);
  }
}

function fitsObject(schema: ObjectSchema, value: Record<string, unknown>): boolean {
  if (schema.required?.some((key) => !Object.hasOwn(value, key))) return false;
  const { properties = {}, patternProperties } = schema;
  return Object.entries(value).every(([key, child]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : patternProperties?.["^.*$"];
    return known === undefined || fits(known, child);
  });
}
