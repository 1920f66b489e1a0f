import { isRecord, type UnknownRecord } from "../values/records.ts";

/** Behaviour that many providers share, chosen by the family they belong to. */

interface ReplayContext {
  modelApi?: string | null;
  modelId?: string;
}

/** What of an earlier turn is sent again (spec 2.1). */
export function buildOpenAICompatibleReplayPolicy(
  modelApi: string | null | undefined,
  options: { dropReasoningFromHistory?: boolean } = {},
) {
  const isResponses = modelApi === "openai-responses" || modelApi === "azure-openai-responses";
  return {
    sanitizeToolCallIds: !isResponses,
    ...(isResponses ? {} : { toolCallIdMode: "strict" as const }),
    applyAssistantFirstOrderingFix: true,
    validateAnthropicTurns: !isResponses,
    ...(options.dropReasoningFromHistory ? { dropReasoningFromHistory: true } : {}),
  };
}

export type ReplayFamily =
  | "openai-compatible"
  | "anthropic-by-model"
  | "google-gemini"
  | "passthrough-gemini"
  | "native-anthropic-by-model"
  | "hybrid-anthropic-openai";

export function buildProviderReplayFamilyHooks(options: {
  family: ReplayFamily;
  dropReasoningFromHistory?: boolean;
  [extra: string]: unknown;
}) {
  return {
    buildReplayPolicy: (context: ReplayContext) =>
      options.family === "openai-compatible" || options.family === "hybrid-anthropic-openai"
        ? buildOpenAICompatibleReplayPolicy(context.modelApi, options)
        : { preserveSignatures: true, validateAnthropicTurns: options.family.includes("anthropic") },
  };
}

/** JSON Schema words that a family's endpoint refuses. */
const UNSUPPORTED: Record<string, readonly string[]> = {
  gemini: [
    "additionalProperties",
    "$schema",
    "$id",
    "$ref",
    "patternProperties",
    "const",
    "examples",
    "default",
  ],
  deepseek: ["patternProperties", "$schema"],
  openai: [],
  "llamacpp-gbnf": ["format", "pattern"],
};

export function stripUnsupportedSchemaKeywords(schema: unknown, keywords: ReadonlySet<string>): unknown {
  if (Array.isArray(schema)) return schema.map((entry) => stripUnsupportedSchemaKeywords(entry, keywords));
  if (!isRecord(schema)) return schema;
  const kept: UnknownRecord = {};
  for (const [key, value] of Object.entries(schema)) {
    if (keywords.has(key)) continue;
    // Below `properties` the keys are names, not words of the schema.
    kept[key] =
      key === "properties" && isRecord(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, property]) => [
              name,
              stripUnsupportedSchemaKeywords(property, keywords),
            ]),
          )
        : stripUnsupportedSchemaKeywords(value, keywords);
  }
  return kept;
}

export function findUnsupportedSchemaKeywords(
  schema: unknown,
  path: string,
  keywords: ReadonlySet<string>,
): string[] {
  if (Array.isArray(schema)) {
    return schema.flatMap((entry, index) =>
      findUnsupportedSchemaKeywords(entry, `${path}[${index}]`, keywords),
    );
  }
  if (!isRecord(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (keywords.has(key)) return [`${path}.${key}`];
    if (key === "properties" && isRecord(value)) {
      return Object.entries(value).flatMap(([name, property]) =>
        findUnsupportedSchemaKeywords(property, `${path}.properties.${name}`, keywords),
      );
    }
    return findUnsupportedSchemaKeywords(value, `${path}.${key}`, keywords);
  });
}

interface ToolContext {
  tools: readonly { name: string; parameters?: unknown; [member: string]: unknown }[];
}

export function buildProviderToolCompatFamilyHooks(family: string) {
  const keywords = new Set(UNSUPPORTED[family] ?? []);
  return {
    normalizeToolSchemas: ({ tools }: ToolContext) =>
      tools.map((tool) => ({
        ...tool,
        parameters: stripUnsupportedSchemaKeywords(tool.parameters, keywords),
      })),
    inspectToolSchemas: ({ tools }: ToolContext) =>
      tools.flatMap((tool, toolIndex) => {
        const violations = findUnsupportedSchemaKeywords(
          tool.parameters,
          `${tool.name}.parameters`,
          keywords,
        );
        return violations.length > 0 ? [{ toolName: tool.name, toolIndex, violations }] : [];
      }),
  };
}

/** A model with more facts about how its server differs; the same object when it knows them already. */
export function applyModelCompatPatch<Model extends { compat?: unknown }>(
  model: Model,
  patch: Readonly<Record<string, unknown>>,
): Model {
  const compat = isRecord(model.compat) ? model.compat : {};
  const isKnown = Object.entries(patch).every(
    ([key, value]) => JSON.stringify(compat[key]) === JSON.stringify(value),
  );
  return isKnown ? model : { ...model, compat: { ...compat, ...patch } };
}
