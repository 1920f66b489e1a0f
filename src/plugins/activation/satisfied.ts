import type { PluginMetadataSnapshot } from "../snapshot.ts";
import type { ActivationTrigger } from "./planner.ts";

/** Triggers of which it is remembered that nothing is left to load. */
const MAX_REMEMBERED_TRIGGERS = 256;

/** Triggers whose plugins are loaded, by the snapshot that said which those are. */
export class SatisfiedTriggers {
  readonly #bySnapshot = new WeakMap<PluginMetadataSnapshot, Set<string>>();

  has(snapshot: PluginMetadataSnapshot | undefined, trigger: ActivationTrigger): boolean {
    if (!snapshot) return false;
    return this.#bySnapshot.get(snapshot)?.has(JSON.stringify(trigger)) === true;
  }

  add(snapshot: PluginMetadataSnapshot, trigger: ActivationTrigger): void {
    const triggers = this.#bySnapshot.get(snapshot) ?? new Set();
    // Names of models come from outside; a set that grew too long begins anew.
    if (triggers.size >= MAX_REMEMBERED_TRIGGERS) triggers.clear();
    this.#bySnapshot.set(snapshot, triggers.add(JSON.stringify(trigger)));
  }
}
