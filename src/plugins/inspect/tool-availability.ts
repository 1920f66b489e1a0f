import type { PluginManifest } from "../../contracts/manifest.ts";
import { type SignalFacts, signalNeeds, signalsHold } from "../manifest/signals-hold.ts";

/** Whether a tool is offered to agents now, by what its manifest says it needs (spec 1.12). */
export interface ToolAvailability {
  readonly name: string;
  readonly available: boolean;
  /** What has to be set up; one of these is enough. */
  readonly needs: readonly string[];
}

/** The tools of a manifest that wait for a setting or a key; the others are always there. */
export function toolAvailability(
  { toolMetadata }: PluginManifest,
  facts: SignalFacts,
): readonly ToolAvailability[] {
  return Object.entries(toolMetadata)
    .map(([name, signals]) => ({
      name,
      available: signalsHold(signals, facts),
      needs: signalNeeds(signals),
    }))
    .filter(({ needs }) => needs.length > 0);
}
