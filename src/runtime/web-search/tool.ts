import type { ToolRegistration } from "../../contracts/registrations.ts";
import type { AgentTool } from "../../contracts/tool.ts";
import { sectionAt } from "../provider-choice.ts";
import { askWeb, candidatesFor, type WebSearchRooms } from "./ask-web.ts";
import { WEB_FETCH, WEB_SEARCH, type WebCapability } from "./web-capability.ts";

/**
 * `web_search` for agents, with the description and the parameters of the provider that will be asked.
 * Offered where a plugin brings a provider, unless `tools.web.search.enabled` is false or a plugin has a
 * tool of that name.
 */
export function webSearchTool(rooms: WebSearchRooms): ToolRegistration {
  return webTool(rooms, WEB_SEARCH);
}

/** `web_fetch` in the same way, by `tools.web.fetch`. */
export function webFetchTool(rooms: WebSearchRooms): ToolRegistration {
  return webTool(rooms, WEB_FETCH);
}

function webTool(rooms: WebSearchRooms, capability: WebCapability): ToolRegistration {
  return {
    names: [capability.tool],
    optional: false,
    create() {
      const generation = rooms.registry.current();
      if (generation.list(capability.kind).length === 0) return null;
      const taken = generation
        .list<ToolRegistration>("tool")
        .some(({ value }) => value.names.includes(capability.tool));
      if (taken) return null;
      const { config } = rooms.config.current();
      const section = sectionAt(config, "tools", "web", capability.section);
      if (section["enabled"] === false) return null;
      const first = candidatesFor(rooms, capability, config)
        .map(({ value }) => value.createTool({ config, [capability.sectionKey]: section }))
        .find((tool) => tool !== null);
      return first ? toolOf(first, rooms, capability) : null;
    },
  };
}

function toolOf(
  described: { description: string; parameters: object },
  rooms: WebSearchRooms,
  capability: WebCapability,
): AgentTool {
  return {
    name: capability.tool,
    label: capability.label,
    description: described.description,
    parameters: described.parameters,
    async execute(_callId: string, args: Record<string, unknown>, signal?: AbortSignal) {
      const asked = { args, ...(signal === undefined ? {} : { signal }) };
      const { provider, result } = await askWeb(rooms, capability, asked);
      const details = { provider, ...result };
      return { content: [{ type: "text", text: JSON.stringify(details) }], details };
    },
  };
}
