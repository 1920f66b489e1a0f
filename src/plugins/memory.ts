import type { MemoryCapability } from "../contracts/capabilities.ts";
import type { RegistryEntry, RegistryGeneration } from "./types.ts";

/**
 * The memory of the selected plugin: what it registered as one capability, over what its older, separate
 * setters registered (spec 3.15).
 */
export function activeMemory(generation: RegistryGeneration, pluginId: string): MemoryCapability | undefined {
  const kinds = ["memoryPromptSection", "memoryFlushPlan", "memoryRuntime", "memoryCapability"];
  const parts = kinds.flatMap((kind) =>
    generation.list<MemoryCapability>(kind).filter((entry) => entry.pluginId === pluginId),
  );
  if (parts.length === 0) return undefined;
  return Object.assign({}, ...parts.map(defined)) as MemoryCapability;
}

function defined({ value }: RegistryEntry<MemoryCapability>): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
}
