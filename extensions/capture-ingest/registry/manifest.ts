import { PLATFORMS, SENSITIVITIES, type Sensitivity, SOURCE_TYPE_NAMES } from "../contract/source-types.ts";
import { PLUGIN_ID, SEMVER } from "../contract/validate.ts";

/** `plugin.json` at the root of a capture plugin's folder (spec 5.9). */
export interface CaptureManifest {
  id: string;
  name: string;
  version: string;
  platform: string[];
  source_types: string[];
  sensitivity: Sensitivity;
  requires_permissions: string[];
  config_schema: Record<string, { type: string; default?: unknown; [extra: string]: unknown }>;
  /** How far the plugin is; `stable` where the manifest does not say. */
  state: PluginState;
  /** `device`: references are unique on one device only. */
  dedupe_scope?: "device";
  /** Whether the client captures without being turned on first. Must not be for sensitive sources. */
  enabled: boolean;
}

export type PluginState = "stable" | "beta" | "planned";
export const PLUGIN_STATES: readonly PluginState[] = ["stable", "beta", "planned"];

const MAX_NAME_LENGTH = 120;
const CONFIG_TYPES = ["string", "integer", "number", "boolean", "array", "object"];

export type ManifestReading = { manifest: CaptureManifest } | { errors: string[] };

/** Reads a manifest and reports everything that is wrong with it. */
export function readManifest(text: string): ManifestReading {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    return { errors: [`not valid JSON: ${(error as Error).message}`] };
  }
  if (!isRecord(given)) return { errors: ["must be a JSON object"] };
  const errors: string[] = [];
  const check = (holds: boolean, message: string) => {
    if (!holds) errors.push(message);
  };
  const { id, name, version, sensitivity } = given;
  check(
    typeof id === "string" && id.length <= 64 && PLUGIN_ID.test(id),
    "id: kebab-case, at most 64 characters",
  );
  check(
    typeof name === "string" && name.trim() !== "" && name.length <= MAX_NAME_LENGTH,
    `name: a text of 1 to ${MAX_NAME_LENGTH} characters`,
  );
  check(
    typeof version === "string" && SEMVER.test(version),
    "version: a semantic version, for example 1.0.0",
  );
  check(isSubset(given["platform"], PLATFORMS), `platform: one or more of ${PLATFORMS.join(", ")}`);
  check(
    isSubset(given["source_types"], SOURCE_TYPE_NAMES),
    `source_types: one or more of ${SOURCE_TYPE_NAMES.join(", ")}`,
  );
  check(
    SENSITIVITIES.includes(sensitivity as Sensitivity),
    `sensitivity: one of ${SENSITIVITIES.join(", ")}`,
  );
  const permissions = given["requires_permissions"] ?? [];
  check(isTextList(permissions), "requires_permissions: a list of texts");
  const schema = given["config_schema"] ?? {};
  checkConfigSchema(schema, errors);
  const state = given["state"] ?? "stable";
  check(PLUGIN_STATES.includes(state as PluginState), `state: one of ${PLUGIN_STATES.join(", ")}`);
  const scope = given["dedupe_scope"];
  check(
    scope === undefined || scope === "device" || scope === "plugin",
    'dedupe_scope: "plugin" or "device"',
  );
  if (errors.length > 0) return { errors };
  return {
    manifest: {
      id: id as string,
      name: name as string,
      version: version as string,
      platform: given["platform"] as string[],
      source_types: given["source_types"] as string[],
      sensitivity: sensitivity as Sensitivity,
      requires_permissions: permissions as string[],
      config_schema: schema as CaptureManifest["config_schema"],
      state: state as PluginState,
      enabled: startsEnabled(given),
      ...(scope === "device" ? { dedupe_scope: "device" } : {}),
    },
  };
}

function checkConfigSchema(schema: unknown, errors: string[]): void {
  if (!isRecord(schema)) {
    errors.push("config_schema: an object of settings");
    return;
  }
  for (const [name, setting] of Object.entries(schema)) {
    if (!isRecord(setting) || !CONFIG_TYPES.includes(setting["type"] as string))
      errors.push(`config_schema.${name}: needs a type (${CONFIG_TYPES.join(", ")})`);
  }
}

/** The ecosystem's switch: `openclone: { enabled: false }`, flat or nested. */
function startsEnabled(given: Record<string, unknown>): boolean {
  const nested = given["openclone"];
  const value = given["openclone.enabled"] ?? (isRecord(nested) ? nested["enabled"] : undefined);
  return value === true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isSubset(value: unknown, allowed: readonly string[]): boolean {
  return isTextList(value) && value.length > 0 && value.every((item) => allowed.includes(item));
}
