import type { BeforeToolCallResult, HookContext, HookEvent, Nothing } from "./hooks.ts";
import type { OperatorScope } from "./registrations.ts";
import type { AgentToolResult } from "./tool.ts";

/**
 * What plugins hand to the `register*` methods of capability kinds (spec 3.3, 3.12 – 3.23). Each type states
 * the members the host relies on; further members travel untouched to whoever consumes the capability.
 */

/** Anything a plugin registers under an id of its own. */
export interface Identified {
  id: string;
}

export interface LabelledProvider extends Identified {
  label: string;
}

/** A provider, or a synchronous factory that is called once when it is registered. */
export type ProviderOrFactory<T> = T | ((context: CapabilityFactoryContext) => T);

export interface CapabilityFactoryContext {
  readonly pluginId: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly pluginConfig: Readonly<Record<string, unknown>>;
}

export interface SpeechProvider extends LabelledProvider {
  isConfigured(context: never): boolean;
  synthesize(request: never): Promise<unknown>;
}

export interface MediaUnderstandingProvider extends Identified {
  capabilities?: ("image" | "audio" | "video")[];
}

export interface TranscriptSourceProvider extends Identified {
  name: string;
  sourceKinds: ("live-audio" | "live-caption" | "posthoc-transcript" | "recording-stt")[];
}

export interface WebProvider extends LabelledProvider {
  hint: string;
  envVars: string[];
  placeholder: string;
  signupUrl: string;
  credentialPath: string;
  getCredentialValue(config: never): unknown;
  setCredentialValue(target: never, value: unknown): void;
  createTool(context: never): {
    description: string;
    parameters: object;
    execute(args: never, context?: never): Promise<unknown>;
  } | null;
}

export interface EmbeddingProviderAdapter extends Identified {
  create(options: never): unknown;
}

export interface ModelCatalogProvider {
  provider: string;
  kinds: string[];
  staticCatalog?(context: never): unknown;
  liveCatalog?(context: never): unknown;
}

export interface MigrationProvider extends LabelledProvider {
  plan(context: never): unknown;
  apply(context: never, plan?: never): unknown;
}

export interface WorkerProvider extends Identified {
  resolveAllocation(...args: never[]): unknown;
  provision(...args: never[]): unknown;
  inspect(...args: never[]): unknown;
  destroy(...args: never[]): unknown;
}

export interface DecisionProvider extends Identified {
  contractVersion: 1;
  evaluate(batch: never, context: never): unknown;
}

export interface SessionCatalog extends LabelledProvider {
  list(...args: never[]): unknown;
  read(...args: never[]): unknown;
}

export interface CompactionProvider extends LabelledProvider {
  summarize(params: never): Promise<string> | string;
}

export interface CliBackend extends Identified {
  /** Same shape as `agents.defaults.cliBackends.<id>`; the user's values win. */
  config: { command: string; [key: string]: unknown };
  normalizeConfig?(config: never, context: never): unknown;
  resolveExecutionArgs?(context: never): string[] | null | undefined;
  sideQuestionToolMode?: "disabled";
  nativeToolMode?: "none" | "always-on" | "selectable";
}

export interface TextTransforms {
  input?: { from: string | RegExp; to: string }[];
  output?: { from: string | RegExp; to: string }[];
}

export interface AgentHarness extends Identified {
  supports(context: never): unknown;
  runAttempt(params: never): Promise<unknown>;
}

export type ContextEngineFactory = (context: {
  config?: Readonly<Record<string, unknown>>;
  agentDir?: string;
  workspaceDir?: string;
}) => unknown;

export interface ToolMetadata {
  toolName: string;
  displayName?: string;
  description?: string;
  risk?: "low" | "medium" | "high";
  tags?: string[];
}

export interface TrustedToolPolicy {
  id: string;
  description: string;
  matcher?: string[];
  evaluate(
    event: HookEvent<"before_tool_call">,
    context: HookContext<"before_tool_call">,
  ):
    | (BeforeToolCallResult & { allow?: boolean; reason?: string })
    | Nothing
    | Promise<(BeforeToolCallResult & { allow?: boolean; reason?: string }) | Nothing>;
}

export interface ToolResultEvent {
  toolCallId: string;
  toolName: string;
  args: unknown;
  result: AgentToolResult;
  isError?: boolean;
  threadId?: string;
  turnId?: string;
  cwd?: string;
}

export type AgentToolResultMiddleware = (
  event: ToolResultEvent,
  context: { runtime: string; agentId?: string; sessionId?: string; sessionKey?: string; runId?: string },
) => { result: AgentToolResult } | Nothing | Promise<{ result: AgentToolResult } | Nothing>;

/** One call of a tool, as the middleware around it sees it. */
export interface ToolCallContext {
  toolCallId: string;
  toolName: string;
  params: Record<string, unknown>;
  /** `openclaw` for the gateway's own agent. */
  runtime: string;
  agentId?: string;
  sessionId?: string;
  sessionKey?: string;
  runId?: string;
  signal?: AbortSignal;
  /** Goes on with the call, with these arguments or the ones it has. */
  execute(params?: unknown): Promise<AgentToolResult>;
}

export type AgentToolCallMiddleware = (call: ToolCallContext) => unknown;

export interface NodeHostCommand {
  command: string;
  handle(paramsJson?: string, io?: never, context?: never): string | Promise<string>;
  cap?: string;
  dangerous?: boolean;
}

export interface NodeInvokePolicy {
  commands: string[];
  handle(context: never): unknown;
  defaultPlatforms?: string[];
  dangerous?: boolean;
  classifyRisk?(call: { command: string; params: unknown }): {
    level: "ordinary" | "high";
    family: string;
  };
}

export interface InteractiveHandler {
  channel: string;
  namespace: string;
  handler(context: never): { handled?: boolean } | Nothing | Promise<{ handled?: boolean } | Nothing>;
}

export type ConversationBindingListener = (event: {
  status: "approved" | "denied";
  decision: "allow-once" | "allow-always" | "deny";
  binding?: Record<string, unknown>;
  request: Record<string, unknown>;
}) => void | Promise<void>;

export type MemoryPromptBuilder = (params: {
  availableTools: Set<string>;
  citationsMode?: string;
  agentId?: string;
  agentSessionKey?: string;
  sandboxed?: boolean;
}) => string[];

export type MemoryPromptPreparation = (params: never) => Promise<string[] | undefined>;

export interface MemoryFlushPlan {
  softThresholdTokens: number;
  forceFlushTranscriptBytes: number;
  reserveTokensFloor: number;
  /** Pins the flush turn to exactly this `provider/model`. */
  model?: string;
  prompt: string;
  systemPrompt: string;
  relativePath: string;
}

export type MemoryFlushPlanResolver = (params: {
  cfg?: Readonly<Record<string, unknown>>;
  nowMs?: number;
  contextWindowTokens?: number;
}) => MemoryFlushPlan | null;

export interface MemoryRuntimeAdapter {
  getMemorySearchManager(params: never): unknown;
  resolveMemoryBackendConfig(params: never): unknown;
}

export interface MemoryCapability {
  promptBuilder?: MemoryPromptBuilder;
  flushPlanResolver?: MemoryFlushPlanResolver;
  runtime?: MemoryRuntimeAdapter;
  publicArtifacts?: { listArtifacts(params: never): unknown };
  deterministicRecallToolName?: string;
  supportsPrivateTranscriptRecall?: boolean;
}

export interface MemoryCorpusSupplement {
  search(params: never): unknown;
  get(params: never): unknown;
}

export type CleanupReason = "disable" | "reset" | "delete" | "restart";

export interface SessionExtension {
  namespace: string;
  description: string;
  /** What clients see of the state; synchronous. Default: the state itself. */
  project?(context: { sessionKey: string; sessionId?: string; state: unknown }): unknown;
  cleanup?(context: { reason: CleanupReason; sessionKey?: string }): void | Promise<void>;
  sessionEntrySlotKey?: string;
  sessionEntrySlotSchema?: object;
}

export interface NextTurnInjection {
  sessionKey: string;
  /** At most 32,768 characters. */
  text: string;
  agentId?: string;
  /** At most 512 characters; the same key is queued once. */
  idempotencyKey?: string;
  placement?: "prepend_context" | "append_context";
  ttlMs?: number;
  metadata?: unknown;
}

export interface SessionSchedulerJob {
  id: string;
  sessionKey: string;
  kind: string;
  description?: string;
  cleanup?(context: { reason: CleanupReason; sessionKey: string; jobId: string }): void | Promise<void>;
}

export interface SessionAction {
  id: string;
  handler(context: {
    pluginId: string;
    actionId: string;
    sessionKey?: string;
    agentId?: string;
    payload?: unknown;
    client: { connId?: string; scopes: readonly string[] };
  }): unknown;
  description?: string;
  schema?: object | boolean;
  requiredScopes?: OperatorScope[];
}

export interface ControlUiDescriptor {
  id: string;
  surface: "session" | "tool" | "run" | "settings" | "tab" | "widget" | "link-reader";
  label: string;
  description?: string;
  placement?: string;
  slug?: string;
  schema?: unknown;
  requiredScopes?: OperatorScope[];
  icon?: string;
  path?: string;
  group?: "control" | "agent";
  order?: number;
  linkReader?: {
    hosts: string[];
    pathPattern: string;
    detailMethod: string;
    previewMethod?: string;
    imageMethod?: string;
  };
}

export interface RuntimeLifecycle {
  id: string;
  description?: string;
  cleanup?(context: { reason: CleanupReason; sessionKey?: string; runId?: string }): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

export interface AgentEventSubscription {
  id: string;
  handle(
    event: {
      runId: string;
      seq: number;
      stream: string;
      ts: number;
      data: unknown;
      sessionKey?: string;
    },
    context: {
      getRunContext(namespace: string): unknown;
      setRunContext(namespace: string, value: unknown): boolean;
      clearRunContext(namespace?: string): void;
    },
  ): void | Promise<void>;
  description?: string;
  streams?: string[];
}

/** Config paths by what a change of them needs. */
export interface ReloadRegistration {
  restartPrefixes?: string[];
  hotPrefixes?: string[];
  noopPrefixes?: string[];
}
