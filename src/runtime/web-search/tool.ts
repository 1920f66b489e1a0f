import type { ToolRegistration } from "../../contracts/registrations.ts";
import type { AgentTool } from "../../contracts/tool.ts";
import { sectionAt } from "../provider-choice.ts";
import { candidatesFor, type WebSearchRooms, webSearchNamespace } from "./index.ts";

const WEB_SEARCH = "web_search";

/**
 * `web_search` for agents, with the description and the parameters of the provider that will be asked.
 * Offered where a plugin brings a provider, unless `tools.web.search.enabled` is false or a plugin has a
 * tool of that name.
 */
export function webSearchTool(rooms: WebSearchRooms): ToolRegistration {
  const { search } = webSearchNamespace(rooms);
  return {
    names: [WEB_SEARCH],
    optional: false,
    create() {
      const generation = rooms.registry.current();
      if (generation.list("webSearchProvider").length === 0) return null;
      const taken = generation
        .list<ToolRegistration>("tool")
        .some(({ value }) => value.names.includes(WEB_SEARCH));
      if (taken) return null;
      const { config } = rooms.config.current();
      const searchConfig = sectionAt(config, "tools", "web", "search");
      if (searchConfig["enabled"] === false) return null;
      const first = candidatesFor(rooms, config)
        .map(({ value }) => value.createTool({ config, searchConfig }))
        .find((tool) => tool !== null);
      return first ? toolOf(first, search) : null;
    },
  };
}

function toolOf(
  described: { description: string; parameters: object },
  search: ReturnType<typeof webSearchNamespace>["search"],
): AgentTool {
  return {
    name: WEB_SEARCH,
    label: "Web search",
    description: described.description,
    parameters: described.parameters,
    async execute(_callId: string, args: Record<string, unknown> & { query: string }, signal?: AbortSignal) {
      const { provider, result } = await search({ args, ...(signal === undefined ? {} : { signal }) });
      const details = { provider, ...result };
      return { content: [{ type: "text", text: JSON.stringify(details) }], details };
    },
  };
}
