/** A channel's settings as the host validates them: JSON Schema plus, optionally, a parser. */
export interface ChannelConfigSchema {
  schema: Record<string, unknown>;
  uiHints?: Record<string, unknown>;
  runtime?: { safeParse(value: unknown): unknown };
}

export interface ChannelConfigSchemaOptions {
  uiHints?: Record<string, unknown>;
  /** `output` describes values after transformations. Default `input`. */
  jsonSchemaMode?: "input" | "output";
}

/**
 * Builds a channel's config schema (spec 6.7) from a JSON Schema (TypeBox schemas are JSON Schema) or from a
 * schema object of a library that can print itself as one (`toJSONSchema()`). The JSON Schema is made when
 * it is first read: registering a channel needs no schema.
 */
export function buildChannelConfigSchema(
  schema: object,
  options: ChannelConfigSchemaOptions = {},
): ChannelConfigSchema {
  const runtime =
    "safeParse" in schema && typeof schema.safeParse === "function"
      ? { safeParse: (value: unknown) => (schema as { safeParse(value: unknown): unknown }).safeParse(value) }
      : undefined;
  let printed: Record<string, unknown> | undefined;
  return {
    get schema() {
      printed ??= asJsonSchema(schema, options.jsonSchemaMode ?? "input");
      return printed;
    },
    ...(options.uiHints ? { uiHints: options.uiHints } : {}),
    ...(runtime ? { runtime } : {}),
  };
}

function asJsonSchema(schema: object, io: "input" | "output"): Record<string, unknown> {
  const printable = schema as { toJSONSchema?: (options?: object) => Record<string, unknown> };
  if (typeof printable.toJSONSchema === "function") {
    return printable.toJSONSchema({ target: "draft-7", io, unrepresentable: "any" });
  }
  if ("safeParse" in schema) return { type: "object", additionalProperties: true };
  return schema as Record<string, unknown>;
}

/** From JSON Schema alone. */
export function buildJsonChannelConfigSchema(
  schema: Record<string, unknown>,
  options: ChannelConfigSchemaOptions = {},
): ChannelConfigSchema {
  return buildChannelConfigSchema(schema, options);
}

export function emptyChannelConfigSchema(): ChannelConfigSchema {
  return { schema: { type: "object", properties: {}, additionalProperties: false } };
}
