import type { ManifestToolMetadata } from "../capability-metadata.ts";
import type { AgentTool } from "../tool.ts";

/** What a tool factory is told about the run it makes tools for (spec 3.4). */
export interface ToolFactoryContext {
  config?: Readonly<Record<string, unknown>>;
  runtimeConfig?: Readonly<Record<string, unknown>>;
  getRuntimeConfig?(): Readonly<Record<string, unknown>>;
  workspaceDir?: string;
  agentDir?: string;
  agentId?: string;
  sessionKey?: string;
  sessionId?: string;
  runId?: string;
  activeModel?: { provider?: string; modelId?: string; modelRef?: string };
  messageChannel?: string;
  agentAccountId?: string;
  requesterSenderId?: string;
  senderIsOwner?: boolean;
  sandboxed?: boolean;
  [extra: string]: unknown;
}

/** Makes the tools of one run; nothing when the run gets none. */
export type ToolFactory = (context: ToolFactoryContext) => AgentTool | AgentTool[] | null | undefined;

/** A tool that insists on a host which can tell whether an invocation is still current. */
export interface ToolDescriptorV2 {
  contextVersion: 2;
  create(
    context: ToolFactoryContext & { assertInvocationCurrent(): void },
  ): AgentTool | AgentTool[] | null | undefined;
}

/** Names of the tools that a factory makes, and who gets them. */
export interface ToolRegistrationOptions {
  name?: string;
  names?: string[];
  /** Offered only where an allow policy names the tool, its plugin, or `group:plugins`. */
  optional?: boolean;
}

/** A row of kind `tool`. `create` gives the tools of one run; it may throw. */
export interface ToolRegistration {
  readonly names: readonly string[];
  readonly optional: boolean;
  /** What the manifest says of the plugin's tools, by name. */
  readonly metadata?: Readonly<Record<string, ManifestToolMetadata>>;
  create(context: ToolFactoryContext): AgentTool | AgentTool[] | null | undefined;
}
