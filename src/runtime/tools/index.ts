import type { CliRegistration, ToolRegistration } from "../../contracts/registrations.ts";
import type { AgentTool } from "../../contracts/tool.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import type { ConfigService } from "../config/types.ts";
import { memoryTools } from "../workflow/memory-tools.ts";

/** What a memory tool is made for; `config` is the older spelling of `cfg`. */
export interface MemoryToolParams {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly cfg?: Readonly<Record<string, unknown>>;
  readonly agentSessionKey?: string;
}

export interface ToolRooms {
  readonly registry: RegistryReader;
  readonly config: ConfigService;
  readonly logger: Logger;
}

/** `api.runtime.tools` (channels-providers-runtime spec 4.15): the memory of the active plugin, for other plugins. */
export function toolsNamespace(rooms: ToolRooms, pluginId: string) {
  // A memory plugin whose own factory asks here must not be asked again.
  const making = new Set<string>();
  const memoryTool = (name: string, params: MemoryToolParams) => {
    if (making.has(name)) return null;
    making.add(name);
    try {
      return makeMemoryTool(rooms, pluginId, name, params);
    } finally {
      making.delete(name);
    }
  };
  return {
    /** Null when nothing remembers. */
    createMemoryGetTool: (params: MemoryToolParams = {}) => memoryTool("memory_get", params),
    createMemorySearchTool: (params: MemoryToolParams = {}) => memoryTool("memory_search", params),
    /** Adds the memory plugin's `memory` command to a program; does nothing without one. */
    async registerMemoryCli(program: never): Promise<void> {
      const { registry, config, logger } = rooms;
      const entry = registry
        .current()
        .list<CliRegistration>("cli")
        .find(({ value }) => value.parentPath.length === 0 && value.commands.includes("memory"));
      await entry?.value.registrar({ program, parentPath: [], config: config.current().config, logger });
    },
  };
}

function makeMemoryTool(
  { registry, config, logger }: ToolRooms,
  pluginId: string,
  name: string,
  params: MemoryToolParams,
): AgentTool | null {
  const current = params.cfg ?? params.config ?? config.current().config;
  const context = {
    config: current,
    runtimeConfig: current,
    getRuntimeConfig: () => config.current().config,
    ...(params.agentSessionKey === undefined ? {} : { sessionKey: params.agentSessionKey }),
  };
  const owner = registry
    .current()
    .list<ToolRegistration>("tool")
    .find(({ value, pluginId: owning }) => owning !== pluginId && value.names.includes(name));
  const made = (owner?.value ?? memoryTools(registry, logger)).create(context);
  const tools = Array.isArray(made) ? made : [made];
  return tools.find((tool) => tool?.name === name) ?? null;
}
