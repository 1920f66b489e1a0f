import type { ModelDefinition } from "../../contracts/model-stream.ts";
import type { ThinkingProfile } from "../../contracts/provider.ts";

/** Every thinking level and its rank (spec 2.5). */
export const THINKING_RANKS: Readonly<Record<string, number>> = {
  off: 0,
  minimal: 10,
  low: 20,
  medium: 30,
  adaptive: 30,
  high: 40,
  xhigh: 60,
  max: 70,
  ultra: 80,
};

const SPELLINGS: Readonly<Record<string, string>> = {
  adaptive: "adaptive",
  auto: "adaptive",
  max: "max",
  ultra: "ultra",
  xhigh: "xhigh",
  extrahigh: "xhigh",
  off: "off",
  none: "off",
  on: "low",
  enable: "low",
  enabled: "low",
  min: "minimal",
  minimal: "minimal",
  think: "minimal",
  low: "low",
  thinkhard: "low",
  mid: "medium",
  med: "medium",
  medium: "medium",
  thinkharder: "medium",
  harder: "medium",
  high: "high",
  ultrathink: "high",
  thinkhardest: "high",
  highest: "high",
};

export interface ThinkingPolicy {
  levels: { id: string; label: string }[];
  defaultLevel: string;
}

/** The level a user meant: `x-high` and `extra high` are `xhigh`, `on` is `low`. */
export function normalizeThinkingLevel(raw: string): string | undefined {
  const key = raw
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
  return Object.hasOwn(SPELLINGS, key) ? SPELLINGS[key] : undefined;
}

/** The levels a model offers, by its owner's profile or by whether it reasons at all. */
export function thinkingPolicy(
  model: Pick<ModelDefinition, "reasoning" | "compat">,
  profile?: ThinkingProfile | null,
): ThinkingPolicy {
  const reasoning = model.reasoning === true;
  const usable = profile && (reasoning || profile.preserveWhenCatalogReasoningFalse === true);
  if (usable && profile.levels.length > 0) {
    const levels = [...profile.levels]
      .sort((a, b) => (a.rank ?? rankOf(a.id)) - (b.rank ?? rankOf(b.id)))
      .map((level) => ({ id: level.id, label: level.label ?? level.id }));
    return { levels, defaultLevel: profile.defaultLevel ?? (reasoning ? "medium" : "off") };
  }
  if (!reasoning) return { levels: [{ id: "off", label: "off" }], defaultLevel: "off" };
  const named = model.compat?.["supportedReasoningEfforts"];
  const extra = ["xhigh", "max", "ultra"].filter((level) => Array.isArray(named) && named.includes(level));
  const ids = ["off", "minimal", "low", "medium", "high", ...extra];
  return { levels: ids.map((id) => ({ id, label: id })), defaultLevel: "medium" };
}

/** The nearest supported level to a stored one that the model does not have. */
export function clampThinkingLevel(level: string, policy: ThinkingPolicy): string {
  const ids = policy.levels.map((entry) => entry.id);
  if (ids.includes(level)) return level;
  const on = ids.filter((id) => id !== "off").sort((a, b) => rankOf(a) - rankOf(b));
  if (level === "off") return on[0] ?? "off";
  const within = on.filter((id) => rankOf(id) <= rankOf(level));
  return within.at(-1) ?? on[0] ?? "off";
}

function rankOf(level: string): number {
  return THINKING_RANKS[level] ?? 0;
}
