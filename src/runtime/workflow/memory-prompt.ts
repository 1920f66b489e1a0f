import type { MemoryPromptBuilder, MemoryPromptPreparation } from "../../contracts/capabilities.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { activeMemory, memoryOwners } from "../../plugins/memory.ts";
import type { RegistryGeneration } from "../../plugins/types.ts";

/** Lines one plugin may add, and characters of all of them; the rest is left out. */
export const MAX_MEMORY_LINES = 200;
export const MAX_MEMORY_CHARS = 32_768;

export interface MemoryPromptRequest {
  /** Names of the turn's tools. */
  tools: readonly string[];
  citationsMode?: string;
  agentId: string;
  sessionKey: string;
}

/**
 * The memory part of the system prompt (plugin-sdk spec 3.15): prepared lines first, then those of the memory
 * in the slot, then supplements of any plugin. A part that fails is left out.
 */
export async function memoryPrompt(
  generation: RegistryGeneration,
  request: MemoryPromptRequest,
  logger: Logger,
): Promise<string | undefined> {
  const builders: [string, MemoryPromptBuilder | undefined][] = [];
  for (const pluginId of memoryOwners(generation)) {
    builders.push([pluginId, activeMemory(generation, pluginId)?.promptBuilder]);
  }
  for (const { value, pluginId } of generation.list<{ builder: MemoryPromptBuilder }>(
    "memoryPromptSupplement",
  )) {
    builders.push([pluginId, value.builder]);
  }
  const preparations = generation.list<{ prepare: MemoryPromptPreparation }>("memoryPromptPreparation");
  if (builders.length === 0 && preparations.length === 0) return undefined;

  const params = () => ({
    availableTools: new Set(request.tools),
    agentId: request.agentId,
    agentSessionKey: request.sessionKey,
    sandboxed: false,
    ...(request.citationsMode === undefined ? {} : { citationsMode: request.citationsMode }),
  });
  const guarded = async (pluginId: string, work: () => unknown): Promise<string[]> => {
    try {
      return linesOf(await work());
    } catch (error) {
      logger.warn("a plugin's memory part was left out of the prompt", {
        plugin: pluginId,
        error: errorMessage(error),
      });
      return [];
    }
  };
  const prepared = await Promise.all(
    preparations.map(({ value, pluginId }) => guarded(pluginId, () => value.prepare(params() as never))),
  );
  const built = await Promise.all(
    builders.map(([pluginId, build]) => guarded(pluginId, () => build?.(params()))),
  );
  const text = [...prepared, ...built].flat().join("\n").slice(0, MAX_MEMORY_CHARS);
  return text === "" ? undefined : text;
}

function linesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((line) => typeof line === "string" && line !== "").slice(0, MAX_MEMORY_LINES);
}
