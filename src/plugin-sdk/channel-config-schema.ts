/** A channel's settings as the host validates them: JSON Schema plus, optionally, a parser. */
export interface ChannelConfigSchema {
  schema: Record<string, unknown>;
  uiHints?: Record<string, unknown>;
  runtime?: { safeParse(value: unknown): unknown };
}

/**
 * Builds a channel's config schema (spec 6.7) from a JSON Schema (TypeBox schemas are JSON Schema) or from a
 * schema object of a library that can print itself as one (`toJSONSchema()`).
 */
export function buildChannelConfigSchema(
  schema: object,
  options: { uiHints?: Record<string, unknown> } = {},
): ChannelConfigSchema {
  const runtime =
    "safeParse" in schema && typeof schema.safeParse === "function"
      ? { safeParse: (value: unknown) => (schema as { safeParse(value: unknown): unknown }).safeParse(value) }
      : undefined;
  return {
    schema: asJsonSchema(schema),
    ...(options.uiHints ? { uiHints: options.uiHints } : {}),
    ...(runtime ? { runtime } : {}),
  };
}

function asJsonSchema(schema: object): Record<string, unknown> {
  const printable = schema as { toJSONSchema?: (options?: object) => Record<string, unknown> };
  if (typeof printable.toJSONSchema === "function") {
    return printable.toJSONSchema({ target: "draft-7", io: "input", unrepresentable: "any" });
  }
  if ("safeParse" in schema) return { type: "object", additionalProperties: true };
  return schema as Record<string, unknown>;
}
