import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ManifestToolMetadata } from "./capability-metadata.ts";
import type { ConversationBindingCalls } from "./conversation-binding.ts";
import type { Nothing, ReplyPayload } from "./hooks.ts";
import type { AgentTool } from "./tool.ts";

/** What plugins hand to the `register*` methods of infrastructure kinds (spec 3.4 – 3.12). */

/** What a connection may do (gateway protocol 3.2). `operator.admin` implies all. */
export type OperatorScope =
  | "operator.admin"
  | "operator.read"
  | "operator.write"
  | "operator.sessions.read"
  | "operator.sessions.write"
  | "operator.approvals"
  | "operator.questions"
  | "operator.pairing"
  | "operator.talk"
  | "operator.talk.secrets";

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

/** A kind of prompt that a hint for the agent is meant for; the last two are older names of the first. */
export type PromptSurface =
  | "openclaw_main"
  | "codex_app_server"
  | "cli_backend"
  | "acp_backend"
  | "subagent"
  | "pi_main"
  | "OmeniaClaw_main";

/** A call of a chat command, and who makes it where. */
export interface PluginCommandContext extends Partial<ConversationBindingCalls> {
  channel: string;
  isAuthorizedSender: boolean;
  commandBody: string;
  config: Readonly<Record<string, unknown>>;
  args?: string;
  senderId?: string;
  senderIsOwner?: boolean;
  channelId?: string;
  agentId?: string;
  sessionKey?: string;
  sessionId?: string;
  from?: string;
  to?: string;
  accountId?: string;
  messageThreadId?: string | number;
  [extra: string]: unknown;
}

/** A command's answer. */
export type PluginCommandResult = ReplyPayload & {
  /** Lets the agent's turn go on after the command. */
  continueAgent?: boolean;
  suppressReply?: boolean;
};

/** A chat command that bypasses the model (spec 3.5). */
export interface PluginCommand {
  name: string;
  description: string;
  handler(
    context: PluginCommandContext,
  ): PluginCommandResult | Nothing | Promise<PluginCommandResult | Nothing>;
  nativeNames?: Record<string, string>;
  nativeProgressMessages?: Record<string, string>;
  descriptionLocalizations?: Record<string, string>;
  channels?: string[];
  agentPromptGuidance?: (string | { text: string; surfaces?: PromptSurface[] })[];
  acceptsArgs?: boolean;
  clientPresentation?: { when: "no-arguments"; action: { kind: "device-pairing" } };
  /** Default true: only authorised senders. */
  requireAuth?: boolean;
  requiredScopes?: OperatorScope[];
  exposeSenderIsOwner?: boolean;
  ownership?: "plugin" | "reserved";
}

/** A colon event such as `command:new`: `type` before the colon, `action` after it. */
export interface LegacyHookEvent {
  type: "command" | "session" | "agent" | "gateway" | "message";
  action: string;
  sessionKey: string;
  context: Record<string, unknown>;
  timestamp: Date;
  /** Reply texts; a handler may push. */
  messages: string[];
}

/** `name` or `entry.hook.name` is required; with `register: false` the handler is shown and never called. */
export interface LegacyHookOptions {
  name?: string;
  description?: string;
  entry?: { hook: { name: string } };
  register?: boolean;
}

/** A row of kind `hook`: colon events such as `command:new` (spec 3.6). */
export interface LegacyHookRegistration {
  readonly name: string;
  readonly events: readonly string[];
  readonly description?: string;
  readonly dispatched: boolean;
  /** The plugin's own settings, part of the context every handler gets. */
  readonly pluginConfig: Readonly<Record<string, unknown>>;
  handler(event: LegacyHookEvent): unknown;
}

/** A route below the gateway's port (spec 3.7). A handler returning exactly `false` lets the next one try. */
export interface PluginHttpRoute {
  path: string;
  auth: "gateway" | "plugin";
  handler(request: IncomingMessage, response: ServerResponse): boolean | Nothing | Promise<boolean | Nothing>;
  handleUpgrade?(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): boolean | Nothing | Promise<boolean | Nothing>;
  /** Default `exact`. */
  match?: "exact" | "prefix";
  gatewayRuntimeScopeSurface?: "write-default" | "trusted-operator";
  nodeCapability?: { surface: string; ttlMs?: number };
  replaceExisting?: boolean;
}

/** A row of kind `httpRoute`: the route with its canonical path. */
export interface HttpRouteRegistration extends PluginHttpRoute {
  readonly canonicalPath: string;
  readonly match: "exact" | "prefix";
}

/** Answers a call, once; with `ok: false` by `error`. */
export type GatewayRespond = (
  ok: boolean,
  payload?: unknown,
  error?: { code: string; message: string; details?: unknown },
  meta?: Record<string, unknown>,
) => void;

/** A call of a gateway method. */
export interface GatewayMethodContext {
  params: unknown;
  respond: GatewayRespond;
  client?: { connId?: string; scopes?: readonly string[]; [extra: string]: unknown };
  context?: unknown;
  [extra: string]: unknown;
}

/** Answers by `respond`, or by what it returns; a throw is an error response. */
export type GatewayMethodHandler = (context: GatewayMethodContext) => unknown;

/** Who may call a gateway method. */
export interface GatewayMethodOptions {
  /** Default `operator.admin`. */
  scope?: OperatorScope;
  profileAccess?: "independent" | "required";
}

/** A row of kind `gatewayMethod`. */
export interface GatewayMethodRegistration {
  readonly name: string;
  readonly scope: OperatorScope;
  readonly profileAccess?: "independent" | "required";
  handler: GatewayMethodHandler;
}

/** What a background service works with; `stateDir` is its own folder, `signal` aborts when it has to end. */
export interface PluginServiceContext {
  readonly config: Readonly<Record<string, unknown>>;
  readonly stateDir: string;
  readonly workspaceDir?: string;
  readonly logger: PluginLogger;
  readonly serviceHealth: { reportFailure(error: unknown): void; clearFailure(): void };
  readonly signal: AbortSignal;
  /** Tells connected clients something as `plugin.<plugin id>.<event>`; ends with the service. */
  readonly gatewayEvents?: {
    emit(
      event: string,
      payload: object,
      options: { scope: "operator.read" | "operator.write" | "operator.admin" },
    ): void;
  };
  [extra: string]: unknown;
}

/** A background service (spec 3.11). Stopped in reverse order, with 5 s to do so. */
export interface PluginService {
  id: string;
  start(context: PluginServiceContext): void | Promise<void>;
  stop?(context: PluginServiceContext): void | Promise<void>;
  reload?: { configPrefixes: string[] };
}

/** Facts about the running gateway. Hints for routing: never secrets, never authentication. */
export interface GatewayDiscoveryContext {
  readonly machineDisplayName: string;
  readonly gatewayPort: number;
  readonly gatewayTlsEnabled: boolean;
  readonly gatewayTlsFingerprintSha256?: string;
  readonly gatewayDirectReachable: boolean;
  readonly tailnetDns?: string;
  readonly sshPort?: number;
  readonly cliPath?: string;
  readonly minimal: boolean;
}

/** Announces the gateway on a network. What `advertise` returns is stopped with the gateway or the plugin. */
export interface GatewayDiscoveryService {
  id: string;
  advertise(
    context: GatewayDiscoveryContext,
  ): Nothing | { stop?(): void | Promise<void> } | Promise<Nothing | { stop?(): void | Promise<void> }>;
}

/** A command as help shows it before any code of the plugin runs. */
export interface CliCommandDescriptor {
  name: string;
  description: string;
  hasSubcommands: boolean;
  machineOutput?(context: { argv: readonly string[]; stdoutIsTTY: boolean }): boolean;
}

/** `program` is a commander `Command`: the root, or the resolved parent when `parentPath` is set. */
export interface CliRegistrarContext {
  // biome-ignore lint/suspicious/noExplicitAny: the contract hands plugins a commander Command, whose type the SDK does not own.
  program: any;
  parentPath: readonly string[];
  config: Readonly<Record<string, unknown>>;
  workspaceDir?: string;
  logger: PluginLogger;
}

/** Adds the plugin's commands to `program`. */
export type CliRegistrar = (context: CliRegistrarContext) => void | Promise<void>;

/** Where the commands of a registrar stand, and which they are. */
export interface CliOptions {
  parentPath?: string[];
  commands?: string[];
  descriptors?: CliCommandDescriptor[];
}

/** A row of kind `cli`: one registrar and the commands it owns below `parentPath`. */
export interface CliRegistration {
  readonly registrar: CliRegistrar;
  readonly parentPath: readonly string[];
  readonly commands: readonly string[];
  readonly descriptors: readonly CliCommandDescriptor[];
  /** True when the descriptors cover every command, so that the registrar can wait for its first use. */
  readonly lazy: boolean;
}

/** `api.logger`: lines carry the plugin's id. */
export interface PluginLogger {
  debug(message: string, meta?: object): void;
  info(message: string, meta?: object): void;
  warn(message: string, meta?: object): void;
  error(message: string, meta?: object): void;
}
