import { policyId } from "../discovery/candidate.ts";
import { isPlain, text, texts } from "../manifest/fields.ts";
import type { HookPolicy } from "../registry/row.ts";

/** The `plugins` section of the configuration in normal form (spec 2.5). Ids are policy ids. */
export interface PluginSettings {
  readonly enabled: boolean;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly loadPaths: readonly string[];
  readonly slots: Readonly<Record<SlotName, string>>;
  /** Slots as written, without defaults. */
  readonly chosenSlots: Readonly<Partial<Record<SlotName, string>>>;
  readonly entries: ReadonlyMap<string, PluginEntrySettings>;
}

export type SlotName = "memory" | "contextEngine";

export interface PluginEntrySettings {
  readonly enabled: boolean | undefined;
  readonly config: Readonly<Record<string, unknown>> | undefined;
  readonly hooks: HookPolicy;
  readonly raw: Readonly<Record<string, unknown>>;
}

export const DEFAULT_SLOTS: Readonly<Record<SlotName, string>> = {
  memory: "memory-core",
  contextEngine: "legacy",
};

export const MIN_HOOK_BUDGET_MS = 1;
export const MAX_HOOK_BUDGET_MS = 600_000;

const NO_ENTRY: PluginEntrySettings = {
  enabled: undefined,
  config: undefined,
  hooks: readHookPolicy(undefined),
  raw: {},
};

/** Reads `plugins` from a configuration; what is malformed counts as absent. */
export function readPluginSettings(config: Readonly<Record<string, unknown>>): PluginSettings {
  const section = isPlain(config["plugins"]) ? config["plugins"] : {};
  const slots = isPlain(section["slots"]) ? section["slots"] : {};
  const chosen: Partial<Record<SlotName, string>> = {};
  for (const name of ["memory", "contextEngine"] as const) {
    const value = text(slots[name]);
    if (value) chosen[name] = policyId(value);
  }
  const entries = new Map<string, PluginEntrySettings>();
  for (const [id, entry] of Object.entries(isPlain(section["entries"]) ? section["entries"] : {})) {
    if (isPlain(entry)) entries.set(policyId(id), readEntry(entry));
  }
  const load = isPlain(section["load"]) ? section["load"] : {};
  return {
    enabled: section["enabled"] !== false,
    allow: texts(section["allow"]).map(policyId),
    deny: texts(section["deny"]).map(policyId),
    loadPaths: texts(load["paths"]),
    slots: { ...DEFAULT_SLOTS, ...chosen },
    chosenSlots: chosen,
    entries,
  };
}

/** The entry of a plugin under its current or an older id. */
export function entryOf(settings: PluginSettings, ids: readonly string[]): PluginEntrySettings {
  for (const id of ids) {
    const entry = settings.entries.get(policyId(id));
    if (entry) return entry;
  }
  return NO_ENTRY;
}

function readEntry(entry: Readonly<Record<string, unknown>>): PluginEntrySettings {
  return {
    enabled: typeof entry["enabled"] === "boolean" ? entry["enabled"] : undefined,
    config: isPlain(entry["config"]) ? entry["config"] : undefined,
    hooks: readHookPolicy(entry["hooks"]),
    raw: entry,
  };
}

function readHookPolicy(value: unknown): HookPolicy {
  const hooks = isPlain(value) ? value : {};
  const timeouts: Record<string, number> = {};
  for (const [name, limit] of Object.entries(isPlain(hooks["timeouts"]) ? hooks["timeouts"] : {})) {
    const budget = hookBudget(limit);
    if (budget !== undefined) timeouts[name] = budget;
  }
  const access = hooks["allowConversationAccess"];
  return {
    allowPromptInjection: hooks["allowPromptInjection"] !== false,
    allowConversationAccess: typeof access === "boolean" ? access : undefined,
    timeoutMs: hookBudget(hooks["timeoutMs"]),
    timeouts,
  };
}

function hookBudget(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return value >= MIN_HOOK_BUDGET_MS && value <= MAX_HOOK_BUDGET_MS ? value : undefined;
}
