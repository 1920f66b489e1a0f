import * as z from "zod";

function secretRef<Source extends string>(source: Source) {
  return z.object({ source: z.literal(source), provider: z.string().min(1), id: z.string().min(1) }).strict();
}

/** Text, or a reference to where the secret lies. */
export function buildSecretInputSchema() {
  return z.union([
    z.string(),
    z.discriminatedUnion("source", [
      secretRef("env"),
      secretRef("store"),
      secretRef("file"),
      secretRef("exec"),
    ]),
  ]);
}

export function buildOptionalSecretInputSchema() {
  return buildSecretInputSchema().optional();
}

export function buildSecretInputArraySchema() {
  return z.array(buildSecretInputSchema());
}

const SENSITIVE = Symbol.for("sluice.plugin-sdk.sensitive-schemas");

/** Marks a schema whose values must not be shown. */
export function registerSensitiveConfigSchema<Schema extends object>(schema: Schema): Schema {
  const slots = globalThis as unknown as Record<symbol, WeakSet<object> | undefined>;
  slots[SENSITIVE] ??= new WeakSet();
  slots[SENSITIVE].add(schema);
  return schema;
}
