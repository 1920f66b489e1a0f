import type { MemoryCorpusSupplement } from "../../contracts/capabilities.ts";
import type { ToolFactoryContext, ToolRegistration } from "../../contracts/registrations.ts";
import type { AgentTool, AgentToolResult } from "../../contracts/tool.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RegistryEntry, RegistryReader } from "../../plugins/types.ts";

export const DEFAULT_MEMORY_RESULTS = 10;
export const MAX_MEMORY_RESULTS = 50;
const SEARCH = "memory_search";
const GET = "memory_get";

type Supplement = RegistryEntry<MemoryCorpusSupplement>;

/**
 * `memory_search` and `memory_get` over the corpora plugins add (plugin-sdk spec 3.15). Offered only where
 * there is a corpus, and not beside a plugin that brings these tools itself.
 */
export function memoryTools(registry: Pick<RegistryReader, "current">, logger: Logger): ToolRegistration {
  return {
    names: [SEARCH, GET],
    optional: false,
    create(context) {
      const generation = registry.current();
      const corpora = generation.list<MemoryCorpusSupplement>("memoryCorpusSupplement");
      if (corpora.length === 0) return null;
      const taken = generation.list<ToolRegistration>("tool").flatMap(({ value }) => value.names);
      if (taken.includes(SEARCH) || taken.includes(GET)) return null;
      const scope = scopeOf(context);
      return [searchTool(corpora, scope, logger), getTool(corpora, scope, logger)];
    },
  };
}

function scopeOf({ agentId, sessionKey }: ToolFactoryContext) {
  return {
    sandboxed: false,
    ...(agentId === undefined ? {} : { agentId }),
    ...(sessionKey === undefined ? {} : { agentSessionKey: sessionKey }),
  };
}

function searchTool(corpora: readonly Supplement[], scope: object, logger: Logger): AgentTool {
  return {
    name: SEARCH,
    description: "Searches what is remembered. Read a hit in full with memory_get.",
    parameters: {
      type: "object",
      properties: {
        query: { type: "string", minLength: 1 },
        maxResults: { type: "integer", minimum: 1, maximum: MAX_MEMORY_RESULTS },
      },
      required: ["query"],
      additionalProperties: false,
    },
    async execute(_callId: string, params: { query: string; maxResults?: number }) {
      const maxResults = params.maxResults ?? DEFAULT_MEMORY_RESULTS;
      const request = { ...scope, query: params.query, maxResults };
      const found = await Promise.all(
        corpora.map((corpus) => guarded(corpus, logger, () => corpus.value.search(request as never))),
      );
      const hits = found
        .flatMap((list) => (Array.isArray(list) ? (list as { score?: number }[]) : []))
        .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
        .slice(0, maxResults);
      return asJson({ results: hits });
    },
  };
}

function getTool(corpora: readonly Supplement[], scope: object, logger: Logger): AgentTool {
  return {
    name: GET,
    description: "Reads one remembered document, or some of its lines.",
    parameters: {
      type: "object",
      properties: {
        lookup: { type: "string", minLength: 1, description: "The path or id of a search hit" },
        fromLine: { type: "integer", minimum: 1 },
        lineCount: { type: "integer", minimum: 1 },
      },
      required: ["lookup"],
      additionalProperties: false,
    },
    async execute(_callId: string, params: { lookup: string; fromLine?: number; lineCount?: number }) {
      for (const corpus of corpora) {
        const request = { ...scope, ...params };
        const found = await guarded(corpus, logger, () => corpus.value.get(request as never));
        if (found) return asJson(found);
      }
      return asJson({ status: "error", error: `nothing is remembered under ${params.lookup}` });
    },
  };
}

/** A corpus that fails gives nothing; the others still answer. */
async function guarded(corpus: Supplement, logger: Logger, work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    logger.warn("a memory corpus failed", { plugin: corpus.pluginId, error: errorMessage(error) });
    return undefined;
  }
}

function asJson(details: unknown): AgentToolResult {
  return { content: [{ type: "text", text: JSON.stringify(details) }], details };
}
