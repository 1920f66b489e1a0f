import type { MemoryCapability } from "../contracts/capabilities.ts";
import type { RegistryEntry, RegistryGeneration } from "./types.ts";

/** The capability last: its members win over those of the older setters. */
const KINDS = ["memoryPromptSection", "memoryFlushPlan", "memoryRuntime", "memoryCapability"];

/** The plugins that registered a memory; only the one in the slot may register one that counts. */
export function memoryOwners(generation: RegistryGeneration): ReadonlySet<string> {
  return new Set(KINDS.flatMap((kind) => generation.list(kind).map(({ pluginId }) => pluginId)));
}

/**
 * The memory of the selected plugin: what it registered as one capability, over what its older, separate
 * setters registered (spec 3.15).
 */
export function activeMemory(generation: RegistryGeneration, pluginId: string): MemoryCapability | undefined {
  const parts = KINDS.flatMap((kind) =>
    generation.list<MemoryCapability>(kind).filter((entry) => entry.pluginId === pluginId),
  );
  if (parts.length === 0) return undefined;
  return Object.assign({}, ...parts.map(defined)) as MemoryCapability;
}

function defined({ value }: RegistryEntry<MemoryCapability>): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
}
