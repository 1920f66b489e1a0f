import type { ToolFactoryContext, ToolRegistration } from "../../contracts/registrations.ts";
import type { AgentTool } from "../../contracts/tool.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { type SignalFacts, signalsHold } from "../../plugins/manifest/signals-hold.ts";
import { parametersProblem } from "../../plugins/tool-parameters.ts";
import type { RegistryGeneration } from "../../plugins/types.ts";
import type { AgentSettings } from "./settings.ts";
import { CORE_TOOLS, isListed } from "./tool-lists.ts";

/** Tools one turn may offer. */
export const MAX_TOOLS = 256;

export interface ToolSet {
  readonly tools: readonly AgentTool[];
  get(name: string): AgentTool | undefined;
  /** Id of the plugin that a tool comes from; `core` for the host's own. */
  ownerOf(name: string): string | undefined;
}

export const emptyToolSet: ToolSet = { tools: [], get: () => undefined, ownerOf: () => undefined };

/**
 * Makes the tools of one run (spec plugin-sdk 3.4): every registered factory is called, what it gives is
 * checked, the first owner of a name keeps it. A factory that throws loses its own tools only. Tools whose
 * manifest names what they need (spec 1.12) are there once that is set up; a factory of none but such tools is
 * not even called before.
 */
export function materializeTools(input: {
  generation: RegistryGeneration;
  core?: readonly ToolRegistration[];
  settings: AgentSettings;
  context: ToolFactoryContext;
  senderIsOwner: boolean;
  /** What the signs in manifests are compared with. */
  signals: SignalFacts;
  logger: Logger;
}): ToolSet {
  const rows = [
    ...(input.core ?? []).map((value) => ({ value, pluginId: CORE_TOOLS })),
    ...input.generation.list<ToolRegistration>("tool"),
  ];
  if (rows.length === 0) return emptyToolSet;
  const tools = new Map<string, AgentTool>();
  const owners = new Map<string, string>();
  for (const row of rows) {
    const { names } = row.value;
    if (names.length > 0 && !names.some((name) => isSetUp(row.value, name, input.signals))) continue;
    for (const tool of createAll(row.value, row.pluginId, input)) {
      const refusal = judged(() => refusalOf(tool, row.value, row.pluginId, tools, input));
      if (refusal === undefined) {
        tools.set(tool.name, tool);
        owners.set(tool.name, row.pluginId);
      } else if (refusal !== "policy") {
        input.logger.warn("a tool was left out", {
          plugin: row.pluginId,
          tool: nameOf(tool),
          reason: refusal,
        });
      }
    }
  }
  return toolSetOf([...tools.values()].slice(0, MAX_TOOLS), (name) => owners.get(name));
}

function toolSetOf(tools: readonly AgentTool[], ownerOf: ToolSet["ownerOf"]): ToolSet {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return { tools, get: (name) => byName.get(name), ownerOf };
}

/** The tools a hook or a caller still allows, by name, by the id of their plugin, or by group. */
export function restrictTools(set: ToolSet, allow: readonly string[]): ToolSet {
  const listed = ({ name }: AgentTool) => isListed(allow, { name, owner: set.ownerOf(name) ?? CORE_TOOLS });
  return toolSetOf(set.tools.filter(listed), set.ownerOf);
}

function createAll(
  registration: ToolRegistration,
  pluginId: string,
  input: { context: ToolFactoryContext; logger: Logger },
): AgentTool[] {
  try {
    const made = registration.create(input.context);
    if (!made) return [];
    return Array.isArray(made) ? made : [made];
  } catch (error) {
    input.logger.warn("a tool factory failed", { plugin: pluginId, error: errorMessage(error) });
    return [];
  }
}

/** Members of a plugin's tool may throw when they are read. */
function judged(judge: () => string | undefined): string | undefined {
  try {
    return judge();
  } catch (error) {
    return errorMessage(error);
  }
}

function refusalOf(
  tool: AgentTool,
  registration: ToolRegistration,
  pluginId: string,
  taken: ReadonlyMap<string, AgentTool>,
  input: { settings: AgentSettings; senderIsOwner: boolean; signals: SignalFacts },
): string | undefined {
  if (typeof tool?.name !== "string" || typeof tool.execute !== "function") return "no name or no execute()";
  const problem = parametersProblem(tool.parameters);
  if (problem) return problem;
  if (taken.has(tool.name)) return "the name is taken";
  if (!isSetUp(registration, tool.name, input.signals)) return "policy";
  const { toolsAllow, toolsOnly, toolsDeny } = input.settings;
  const named = { name: tool.name, owner: pluginId };
  if (isListed(toolsDeny, named) || !toolsOnly.every((list) => isListed(list, named))) return "policy";
  if (tool.ownerOnly === true && !input.senderIsOwner) return "policy";
  return isOptional(registration, tool.name) && !isListed(toolsAllow, named) ? "policy" : undefined;
}

function isOptional({ optional, metadata = {} }: ToolRegistration, name: string): boolean {
  return optional || (Object.hasOwn(metadata, name) && metadata[name]?.optional === true);
}

function isSetUp({ metadata = {} }: ToolRegistration, name: string, signals: SignalFacts): boolean {
  const needs = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  return needs === undefined || signalsHold(needs, signals);
}

function nameOf(tool: AgentTool): string {
  try {
    return typeof tool?.name === "string" ? tool.name : "(unnamed)";
  } catch {
    return "(unnamed)";
  }
}
