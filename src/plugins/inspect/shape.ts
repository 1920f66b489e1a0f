import type { DraftItem } from "../registry/draft.ts";
import type { CapabilityType } from "../registry/row.ts";

/** What a plugin is, from what it really registered (spec 2.17). */
export type PluginShape = "plain-capability" | "hybrid-capability" | "hook-only" | "non-capability";

export interface ShapeReport {
  readonly shape: PluginShape;
  readonly capabilityMode: "plain" | "hybrid" | "none";
  readonly capabilities: readonly { readonly kind: CapabilityType; readonly ids: readonly string[] }[];
}

/** Kinds that make a plugin more than a set of hooks. */
const BEYOND_HOOKS = new Set(["tool", "command", "cli", "service", "httpRoute", "gatewayMethod"]);

export function shapeOf(items: readonly Pick<DraftItem, "row" | "keys">[]): ShapeReport {
  const ids = new Map<CapabilityType, string[]>();
  let hooks = false;
  let more = false;
  for (const { row, keys } of items) {
    if (row.capability) ids.set(row.capability, [...(ids.get(row.capability) ?? []), keys[0] as string]);
    if (row.kind === "typedHook" || row.kind === "hook") hooks = true;
    if (BEYOND_HOOKS.has(row.kind)) more = true;
  }
  const capabilities = [...ids].map(([kind, names]) => ({ kind, ids: names }));
  if (capabilities.length > 1) return { shape: "hybrid-capability", capabilityMode: "hybrid", capabilities };
  if (capabilities.length === 1) return { shape: "plain-capability", capabilityMode: "plain", capabilities };
  return { shape: hooks && !more ? "hook-only" : "non-capability", capabilityMode: "none", capabilities };
}
