import { Errors, type XSchema } from "typebox/schema";
import { boundedWork } from "../../kernel/bounded-work.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { assertSafeJson } from "../../kernel/safe-json.ts";
import { DEFAULT_SLOTS } from "../../plugins/activation/plugin-settings.ts";
import { withDefaultsOptional } from "../../plugins/config/schema-defaults.ts";
import type { ConfigRecord } from "./parse-text.ts";
import { nearestKey, ROOT_KEYS } from "./root-keys.ts";
import { configSchema } from "./schema.ts";
import { isSecretRef } from "./secret-ref.ts";
import type { ConfigProblem, ConfigSchemas } from "./types.ts";

/** Most problems reported of one candidate. */
export const MAX_PROBLEMS = 200;
/** How long the schema of a plugin may take to check a value; one made to take for ever is refused. */
export const EXTENSION_SCHEMA_LIMIT_MS = 250;
/** A slot that is left empty on purpose. */
const NOBODY = "none";
/** What a secret reference looks like to a schema that expects text. */
const SECRET_TEXT = "secret-reference";

/** Checks the core's sections. Unknown keys of the root are warnings. */
export function validateCore(candidate: unknown): ConfigProblem[] {
  if (!isRecord(candidate)) return [error("", "expected an object")];
  try {
    assertSafeJson(candidate);
  } catch (cause) {
    return [error("", errorMessage(cause))];
  }
  const problems = schemaProblems(configSchema, candidate, "");
  for (const key of Object.keys(candidate)) {
    if (ROOT_KEYS.includes(key)) continue;
    const near = nearestKey(key);
    const hint = near === undefined ? "it has no effect" : `did you mean "${near}"?`;
    problems.push({ path: key, message: `unknown key; ${hint}`, severity: "warning" });
  }
  return problems.slice(0, MAX_PROBLEMS);
}

/** Checks what belongs to plugins and channels against the schemas of their manifests; runs no plugin code. */
export function validateExtensions(candidate: ConfigRecord, schemas: ConfigSchemas): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const plugins = recordAt(candidate, "plugins");
  for (const [id, entry] of Object.entries(recordAt(plugins, "entries"))) {
    const path = `plugins.entries.${id}`;
    const known = schemaOf(schemas, id);
    if (!known) {
      // An entry that only turns a plugin off is what uninstalling leaves.
      const gone = isRecord(entry) && entry["enabled"] === false && Object.keys(entry).length === 1;
      if (!gone && !schemas.incomplete) {
        problems.push({ path, message: "no plugin of this id was found", severity: "warning" });
      }
    } else if (isRecord(entry) && entry["config"] !== undefined) {
      const severity = entry["enabled"] === false ? "warning" : "error";
      problems.push(...extensionProblems(known.schema, entry["config"], `${path}.config`, severity));
    }
  }
  if (!schemas.incomplete) problems.push(...unknownPlugins(plugins, schemas));
  for (const [id, value] of Object.entries(recordAt(candidate, "channels"))) {
    const path = `channels.${id}`;
    const known = schemas.channels[id];
    if (known) problems.push(...extensionProblems(known.schema, value, path, "error"));
    else if (id !== "defaults" && id !== "modelByChannel" && !schemas.incomplete) {
      problems.push(unknownChannel(id, plugins, Object.keys(schemas.channels)));
    }
  }
  return problems.slice(0, MAX_PROBLEMS);
}

/** Ids in lists and slots that belong to no plugin (plugin-sdk spec 2.8). */
function unknownPlugins(plugins: ConfigRecord, schemas: ConfigSchemas): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const list of ["allow", "deny"]) {
    const ids = plugins[list];
    for (const [index, id] of (Array.isArray(ids) ? ids : []).entries()) {
      if (typeof id !== "string" || schemaOf(schemas, id)) continue;
      const message = `no plugin "${id}" was found`;
      problems.push({ path: `plugins.${list}.${index}`, message, severity: "warning" });
    }
  }
  const { memory, contextEngine } = recordAt(plugins, "slots");
  if (isUnfilled(memory, [NOBODY, DEFAULT_SLOTS.memory], schemas)) {
    // Memories of the ecosystem are packages of their own, chosen before they are there; and whoever installs one
    // writes its entry and the slot together, before the plugin is looked for again.
    const entry = recordAt(plugins, "entries")[memory];
    const optional = memory.startsWith("memory-") || (isRecord(entry) && entry["enabled"] === true);
    problems.push({
      path: "plugins.slots.memory",
      message: `no plugin "${memory}" was found; install it, or set "none"`,
      severity: optional ? "warning" : "error",
    });
  }
  if (isUnfilled(contextEngine, [NOBODY, DEFAULT_SLOTS.contextEngine], schemas)) {
    const message = `no plugin "${contextEngine}" was found; the built-in engine works meanwhile`;
    problems.push({ path: "plugins.slots.contextEngine", message, severity: "warning" });
  }
  return problems;
}

function isUnfilled(id: unknown, own: readonly string[], schemas: ConfigSchemas): id is string {
  return typeof id === "string" && !own.includes(id.trim()) && !schemaOf(schemas, id);
}

function schemaOf(schemas: ConfigSchemas, id: string): { readonly schema?: object } | undefined {
  if (Object.hasOwn(schemas.plugins, id)) return schemas.plugins[id];
  const wanted = id.trim().toLowerCase();
  return Object.entries(schemas.plugins).find(([known]) => known.toLowerCase() === wanted)?.[1];
}

/** Checks a value against a plain JSON Schema; paths are dotted and begin with `at`. */
export function schemaProblems(schema: object, value: unknown, at: string): ConfigProblem[] {
  let errors: ReturnType<typeof Errors>[1];
  try {
    errors = Errors(schema as XSchema, value)[1];
  } catch (cause) {
    return [error(at, `its schema can not be used: ${errorMessage(cause)}`)];
  }
  const problems: ConfigProblem[] = [];
  for (const { keyword, instancePath, params, message } of errors) {
    // Said again, with the name of the property, by the keyword that forbids it.
    if (keyword === "boolean") continue;
    const path = dotted(at, instancePath);
    const { additionalProperties: extra } = params as { additionalProperties?: unknown };
    if (!Array.isArray(extra)) problems.push(error(path, message));
    else for (const name of extra) problems.push(error(dotted(path, `/${name}`), "unknown key"));
  }
  return problems;
}

function extensionProblems(
  schema: object | undefined,
  value: unknown,
  path: string,
  severity: ConfigProblem["severity"],
): ConfigProblem[] {
  if (!schema) return [];
  try {
    const written = withDefaultsOptional(schema);
    const found = boundedWork(() => schemaProblems(written, value, path), EXTENSION_SCHEMA_LIMIT_MS);
    if (found.length === 0) return [];
    // References become text before the plugin sees them; where the schema wants text they are right.
    const texts = withSecretTexts(value);
    const resolved = boundedWork(() => schemaProblems(written, texts, path), EXTENSION_SCHEMA_LIMIT_MS);
    return resolved.length === 0 ? [] : found.map((problem) => ({ ...problem, severity }));
  } catch (cause) {
    return [{ path, message: `its schema can not be used: ${errorMessage(cause)}`, severity }];
  }
}

/** A channel whose plugin went away is stale, not wrong. */
function unknownChannel(id: string, plugins: ConfigRecord, known: readonly string[]): ConfigProblem {
  const allow = plugins["allow"];
  const stale =
    Object.hasOwn(recordAt(plugins, "entries"), id) || (Array.isArray(allow) && allow.includes(id));
  const near = nearestKey(id, known);
  const hint = near === undefined ? "no plugin offers it" : `did you mean "${near}"?`;
  return {
    path: `channels.${id}`,
    message: `unknown channel; ${hint}`,
    severity: stale ? "warning" : "error",
  };
}

function withSecretTexts(value: unknown): unknown {
  if (isSecretRef(value)) return SECRET_TEXT;
  if (Array.isArray(value)) return value.map(withSecretTexts);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withSecretTexts(child)]));
}

function recordAt(value: ConfigRecord, key: string): ConfigRecord {
  const child = Object.hasOwn(value, key) ? value[key] : undefined;
  return isRecord(child) ? child : {};
}

function dotted(at: string, pointer: string): string {
  const keys = pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return [...(at === "" ? [] : [at]), ...keys].join(".");
}

function error(path: string, message: string): ConfigProblem {
  return { path, message, severity: "error" };
}
