import type {
  AgentToolCallMiddleware,
  AgentToolResultMiddleware,
  ToolMetadata,
  TrustedToolPolicy,
} from "../capabilities.ts";
import type {
  PluginCommand,
  ToolDescriptorV2,
  ToolFactory,
  ToolRegistrationOptions,
} from "../registrations.ts";
import type { AgentTool } from "../tool.ts";

/** What agents may call, what people may type, and what stands around a call (spec 3.4, 3.5, 3.13, 3.14). */
export interface ToolsApi {
  /**
   * A function the agent may call, a factory of such functions, or a versioned descriptor. Every name must be
   * in `contracts.tools` of the manifest.
   * @example
   * api.registerTool({
   *   name: "roll_die",
   *   description: "Rolls a die",
   *   parameters: { type: "object", properties: { sides: { type: "integer" } } },
   *   execute: async (_callId, { sides = 6 }: { sides?: number }) => ({
   *     content: [{ type: "text", text: String(1 + Math.floor(Math.random() * sides)) }],
   *   }),
   * });
   */
  registerTool(tool: AgentTool | ToolFactory | ToolDescriptorV2, options?: ToolRegistrationOptions): void;
  /** Display name, risk and tags of one of the plugin's own tools. */
  registerToolMetadata(metadata: ToolMetadata): void;
  /**
   * A chat command (`/name`) that answers before the agent and without the model.
   * @example
   * api.registerCommand({ name: "hello", description: "Say hello", handler: () => ({ text: "Hello!" }) });
   */
  registerCommand(command: PluginCommand): void;
  /** Rewrites a tool's result before the model sees it. Declared in `contracts.agentToolResultMiddleware`. */
  registerAgentToolResultMiddleware(
    middleware: AgentToolResultMiddleware,
    options?: { matcher?: string[]; runtimes?: string[] },
  ): void;
  /** Stands around the execution of tools: holds a call up, changes its arguments or answers in its place. */
  registerAgentToolCallMiddleware(
    middleware: AgentToolCallMiddleware,
    options?: { matcher?: string[]; runtimes?: string[]; priority?: number },
  ): void;
  /** Bundled plugins only. Accepted and shown; not used yet. */
  registerCodexAppServerExtensionFactory(factory: (...args: never[]) => unknown): void;
  /** A gate before every tool call, ahead of all hooks; when it fails the call is refused. */
  registerTrustedToolPolicy(policy: TrustedToolPolicy): void;
}
