import { type PluginCandidate, policyId } from "../discovery/candidate.ts";
import type { ActivationDecision } from "./decide.ts";
import { idsOf } from "./decide.ts";
import type { PluginSettings } from "./plugin-settings.ts";

export interface SlotDecision {
  readonly decision: ActivationDecision;
  readonly memorySelected: boolean;
  readonly contextEngineSelected: boolean;
}

/** Applies the exclusive slots to an activation decision (spec 2.7). */
export function applySlots(
  candidate: PluginCandidate,
  decision: ActivationDecision,
  settings: PluginSettings,
): SlotDecision {
  const kinds = candidate.manifest?.kinds ?? [];
  const ids = idsOf(candidate).map(policyId);
  const contextEngineSelected = ids.includes(settings.slots.contextEngine);
  if (!kinds.includes("memory")) return { decision, memorySelected: false, contextEngineSelected };
  const owner = settings.slots.memory;
  if (ids.includes(owner)) return { decision, memorySelected: decision.enabled, contextEngineSelected };
  if (kinds.length > 1 || !decision.enabled)
    return { decision, memorySelected: false, contextEngineSelected };
  const reason = owner === "none" ? "memory slot disabled" : `memory slot belongs to ${owner}`;
  return {
    decision: { enabled: false, explicitlyEnabled: false, source: "disabled", reason },
    memorySelected: false,
    contextEngineSelected,
  };
}
