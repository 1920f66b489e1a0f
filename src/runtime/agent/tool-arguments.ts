type Schema = Readonly<Record<string, unknown>>;

/** The outcome of checking a call's arguments against the tool's schema. */
export type ArgumentCheck = { ok: true; value: unknown } | { ok: false; problems: string[] };

/** Problems named in one answer to the model. */
export const MAX_ARGUMENT_PROBLEMS = 10;
const MAX_COERCION_DEPTH = 16;

/**
 * Checks arguments against a JSON Schema after turning obvious near misses into what the schema wants:
 * `"5"` into a number, `"true"` into a boolean, a JSON text into the object or list it spells (spec 3.3).
 */
export async function checkArguments(schema: object, raw: unknown): Promise<ArgumentCheck> {
  const value = coerce(schema as Schema, raw, 0);
  // Loading the validator costs more than a start should: only a turn that calls a tool pays for it.
  const { Check, Errors } = await import("typebox/schema");
  if (Check(schema as Parameters<typeof Check>[0], value)) return { ok: true, value };
  const [, errors] = Errors(schema as Parameters<typeof Errors>[0], value);
  const problems = errors
    .slice(0, MAX_ARGUMENT_PROBLEMS)
    .map((error) => `${error.instancePath || "/"}: ${error.message}`);
  return { ok: false, problems: problems.length > 0 ? problems : ["/: does not match the schema"] };
}

function coerce(schema: Schema | undefined, value: unknown, depth: number): unknown {
  if (!schema || typeof schema !== "object" || depth > MAX_COERCION_DEPTH) return value;
  const types = ([] as unknown[]).concat(schema["type"] ?? []);
  if (typeof value === "string") return fromText(types, value, schema, depth);
  if (typeof value === "number" && types.includes("string") && !types.some(isNumeric)) return String(value);
  if (Array.isArray(value) && types.includes("array")) {
    return value.map((item) => coerce(schema["items"] as Schema, item, depth + 1));
  }
  const properties = schema["properties"] as Record<string, Schema> | undefined;
  if (properties && typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [
        key,
        Object.hasOwn(properties, key) ? coerce(properties[key], child, depth + 1) : child,
      ]),
    );
  }
  return value;
}

function fromText(types: unknown[], value: string, schema: Schema, depth: number): unknown {
  if (types.includes("string")) return value;
  const text = value.trim();
  if (types.some(isNumeric) && text !== "" && Number.isFinite(Number(text))) return Number(text);
  if (types.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  if (types.includes("null") && text === "null") return null;
  if (
    (types.includes("object") && text.startsWith("{")) ||
    (types.includes("array") && text.startsWith("["))
  ) {
    try {
      return coerce(schema, JSON.parse(text), depth + 1);
    } catch {
      return value;
    }
  }
  return value;
}

function isNumeric(type: unknown): boolean {
  return type === "number" || type === "integer";
}
