import type { ToolMetadata } from "../../contracts/capabilities.ts";
import type { ToolRegistration } from "../../contracts/registrations.ts";
import type { RegistryGeneration } from "../../plugins/types.ts";

/** How a tool is shown to people; never changes what it does (plugin-sdk spec 3.14). */
export type ShownTool = Omit<ToolMetadata, "toolName">;

/** What the plugin that owns a tool says about it; another plugin's words do not count. */
export function shownTool(generation: RegistryGeneration, toolName: string): ShownTool | undefined {
  if (generation.list("toolMetadata").length === 0) return undefined;
  const owner = generation
    .list<ToolRegistration>("tool")
    .find(({ value }) => value.names.includes(toolName))?.pluginId;
  if (owner === undefined) return undefined;
  const metadata = generation.get<ToolMetadata>("toolMetadata", toolName, owner)?.value;
  if (!metadata) return undefined;
  const { displayName, description, risk, tags } = metadata;
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(description === undefined ? {} : { description }),
    ...(risk === undefined ? {} : { risk }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
  };
}
