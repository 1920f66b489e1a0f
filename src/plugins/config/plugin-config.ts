import { boundedWork } from "../../kernel/bounded-work.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { isPlain } from "../manifest/fields.ts";
import { withDefaultsOptional, withSchemaDefaults } from "./schema-defaults.ts";

export interface PluginConfigResult {
  readonly value: Readonly<Record<string, unknown>>;
  /** Sentences naming the path; empty when the config is valid. */
  readonly problems: readonly string[];
}

const MAX_PROBLEMS = 20;

/** How long a schema may take to check settings; one made to take for ever is refused. */
export const SCHEMA_LIMIT_MS = 250;

/**
 * Checks a plugin's settings against its manifest's JSON Schema and fills in defaults, without running plugin
 * code (spec 2.8). The validator is loaded only for plugins that have settings.
 */
export async function resolvePluginConfig(
  schema: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>> | undefined,
): Promise<PluginConfigResult> {
  let filled: unknown;
  try {
    filled = withSchemaDefaults(schema, given ?? {});
  } catch (error) {
    return { value: given ?? {}, problems: [`the config schema cannot be used: ${errorMessage(error)}`] };
  }
  const value = isPlain(filled) ? filled : {};
  // Settings nobody wrote cannot be wrong; the plugin itself says what it still needs.
  if (given === undefined) return { value, problems: [] };
  const { Errors } = await import("typebox/schema");
  try {
    const [valid, errors] = boundedWork(() => Errors(withDefaultsOptional(schema), value), SCHEMA_LIMIT_MS);
    if (valid) return { value, problems: [] };
    const problems = errors
      .filter((error) => error.keyword !== "boolean")
      .slice(0, MAX_PROBLEMS)
      .map((error) => `${dotted(error.instancePath) || "config"}: ${error.message}`);
    return { value, problems: problems.length > 0 ? problems : ["config: not allowed by the schema"] };
  } catch (error) {
    return { value, problems: [`the config schema cannot be used: ${errorMessage(error)}`] };
  }
}

function dotted(pointer: string): string {
  return pointer.split("/").slice(1).join(".");
}
