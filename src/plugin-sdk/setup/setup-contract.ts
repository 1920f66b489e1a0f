import { parseBooleanValue, parseStrictInteger } from "../values/numbers.ts";
import { isRecord, type UnknownRecord } from "../values/records.ts";
import { normalizeTrimmedStringList } from "../values/strings.ts";

/** One question of a channel's setup, as data (spec 1.5). */
export interface ChannelSetupField {
  kind: "string" | "boolean" | "integer" | "string-list" | "choice";
  choices?: readonly string[];
  sensitive?: boolean;
  envVars?: readonly string[];
  envVarMode?: "all" | "any";
  cli: { flags: string; description: string };
}

interface SetupAdapter {
  applyAccountConfig(params: never): unknown;
}

type Parsed = { ok: true; value: UnknownRecord } | { ok: false; error: string };

/** The channel's own setup: fields with a parser, and the functions of its adapter. */
export function defineChannelSetupContract(params: {
  fields: Readonly<Record<string, ChannelSetupField>>;
  adapter?: SetupAdapter;
  legacyAdapter?: SetupAdapter;
}) {
  const { fields } = params;
  const adapter = params.adapter ?? params.legacyAdapter;
  if (!adapter) throw new TypeError("a channel setup contract needs an adapter");
  return {
    ...adapter,
    kind: "channel-owned" as const,
    metadata: { fields: Object.entries(fields).map(([key, field]) => ({ key, ...field })) },
    parseInput: (input: unknown): Parsed => parseSetupInput(fields, input),
  };
}

function parseSetupInput(fields: Readonly<Record<string, ChannelSetupField>>, input: unknown): Parsed {
  if (!isRecord(input)) return { ok: false, error: "setup input must be an object" };
  const value: UnknownRecord = {};
  for (const [key, given] of Object.entries(input)) {
    if (given === undefined) continue;
    const field = fields[key];
    if (!field) {
      if (key === "name" && typeof given === "string") value[key] = given;
      continue;
    }
    const parsed = parseField(field, given);
    if (parsed === undefined) return { ok: false, error: `setup field "${key}" must be ${expected(field)}` };
    value[key] = parsed;
  }
  return { ok: true, value };
}

function parseField(field: ChannelSetupField, given: unknown): unknown {
  switch (field.kind) {
    case "string":
      return typeof given === "string" || typeof given === "number" ? String(given) : undefined;
    case "boolean":
      return parseBooleanValue(given);
    case "integer":
      return parseStrictInteger(given);
    case "choice":
      return field.choices?.includes(given as string) ? given : undefined;
    case "string-list":
      return Array.isArray(given)
        ? normalizeTrimmedStringList(given)
        : typeof given === "string"
          ? normalizeTrimmedStringList(given.split(","))
          : undefined;
  }
}

function expected(field: ChannelSetupField): string {
  if (field.kind === "choice") return `one of ${(field.choices ?? []).join(", ")}`;
  return field.kind === "string-list" ? "a list of texts" : `a ${field.kind}`;
}
