import type {
  AgentEventSubscription,
  AgentHarness,
  AgentToolCallMiddleware,
  AgentToolResultMiddleware,
  CliBackend,
  CompactionProvider,
  ContextEngineFactory,
  ControlUiDescriptor,
  ConversationBindingListener,
  DecisionProvider,
  EmbeddingProviderAdapter,
  Identified,
  InteractiveHandler,
  LabelledProvider,
  MediaUnderstandingProvider,
  MemoryCapability,
  MemoryCorpusSupplement,
  MemoryFlushPlanResolver,
  MemoryPromptBuilder,
  MemoryPromptPreparation,
  MemoryRuntimeAdapter,
  MigrationProvider,
  ModelCatalogProvider,
  NextTurnInjection,
  NodeHostCommand,
  NodeInvokePolicy,
  ProviderOrFactory,
  ReloadRegistration,
  RuntimeLifecycle,
  SessionAction,
  SessionCatalog,
  SessionExtension,
  SessionSchedulerJob,
  SpeechProvider,
  TextTransforms,
  ToolMetadata,
  TranscriptSourceProvider,
  TrustedToolPolicy,
  WebProvider,
  WorkerProvider,
} from "./capabilities.ts";
import type { HookHandler, HookName, HookOptions } from "./hooks.ts";
import type { PluginKind } from "./manifest.ts";
import type { ProviderPlugin } from "./provider.ts";
import type {
  CliOptions,
  CliRegistrar,
  GatewayDiscoveryService,
  GatewayMethodHandler,
  GatewayMethodOptions,
  LegacyHookEvent,
  LegacyHookOptions,
  PluginCommand,
  PluginHttpRoute,
  PluginLogger,
  PluginService,
  ToolDescriptorV2,
  ToolFactory,
  ToolRegistrationOptions,
} from "./registrations.ts";
import type { PluginRuntime } from "./runtime.ts";
import type { AgentTool } from "./tool.ts";

/**
 * Why a plugin is being loaded (spec 2.12). Methods that are not active in a mode exist and do nothing.
 */
export type PluginRegistrationMode =
  | "full"
  | "discovery"
  | "tool-discovery"
  | "setup-only"
  | "setup-runtime"
  | "cli-metadata";

export interface SessionStateApi {
  /**
   * State of the plugin in every session, as JSON; what `project` returns is shown to clients
   * (`sessions.pluginPatch`).
   */
  registerSessionExtension(extension: SessionExtension): void;
}

export interface SessionWorkflowApi {
  /** Adds context to the next turn of a session, exactly once, surviving restarts (spec 3.19). */
  enqueueNextTurnInjection(
    injection: NextTurnInjection,
  ): Promise<{ enqueued: boolean; id: string; sessionKey: string }>;
  /**
   * Clean-up of something the plugin scheduled for a session; runs when the session ends. Schedules nothing
   * itself.
   */
  registerSessionSchedulerJob(
    job: SessionSchedulerJob,
  ): { id: string; pluginId: string; sessionKey: string; kind: string } | undefined;
  /** Bundled plugins only; others get `{ ok: false }`. */
  sendSessionAttachment(
    params: object,
  ): Promise<
    { ok: true; channel: string; deliveredTo: string; count: number } | { ok: false; error: string }
  >;
  /** Bundled plugins only; others get `undefined`. */
  scheduleSessionTurn(
    params: object,
  ): Promise<{ id: string; pluginId: string; sessionKey: string; kind: string } | undefined>;
  /** Bundled plugins only; others get `{ removed: 0, failed: 0 }`. */
  unscheduleSessionTurnsByTag(params: {
    sessionKey: string;
    tag: string;
  }): Promise<{ removed: number; failed: number }>;
}

export interface SessionControlsApi {
  /**
   * A typed action on a session that clients dispatch with `plugins.sessionAction`; `schema` checks its payload
   * first.
   */
  registerSessionAction(action: SessionAction): void;
  /** Describes a panel, tab or widget of the plugin for the control page. Names data, holds no code. */
  registerControlUiDescriptor(descriptor: ControlUiDescriptor): void;
}

export interface AgentEventsApi {
  /** Receives sanitised events of agent runs, in order; what it throws is logged and the run goes on. */
  registerAgentEventSubscription(subscription: AgentEventSubscription): void;
  /**
   * Sends an event of the plugin into a run. `emitted: false` names the reason: no such run, or a reserved
   * stream.
   */
  emitAgentEvent(event: {
    runId: string;
    stream: string;
    data: unknown;
    sessionKey?: string;
  }): { emitted: true; stream: string } | { emitted: false; reason: string };
}

export interface RunContextApi {
  /**
   * Keeps a JSON value of the plugin for the length of one run; false when the run is over. `unset` removes it.
   */
  setRunContext(params: { runId: string; namespace: string; value?: unknown; unset?: boolean }): boolean;
  /** What this plugin kept for a run under `namespace`; undefined when there is nothing. */
  getRunContext(params: { runId: string; namespace: string }): unknown;
  /** Forgets what this plugin kept for a run, or one `namespace` of it. */
  clearRunContext(params: { runId: string; namespace?: string }): void;
}

export interface LifecycleApi {
  /**
   * Clean-up of the plugin's own resources when a session is reset or deleted, and when the plugin is disabled
   * or reloaded.
   */
  registerRuntimeLifecycle(lifecycle: RuntimeLifecycle): void;
  /** Aborts when this instance of the plugin retires. */
  readonly signal: AbortSignal;
  /** Runs `release` when this instance retires; returns an unsubscribe function. */
  onDispose(release: () => void | Promise<void>): () => void;
}

/** The object handed to `register(api)` (spec 3). Every `register*` only stores; none starts work. */
export interface PluginApi
  extends SessionStateApi,
    SessionWorkflowApi,
    SessionControlsApi,
    AgentEventsApi,
    RunContextApi,
    Pick<LifecycleApi, "registerRuntimeLifecycle"> {
  /** The plugin's id, as in its manifest. */
  readonly id: string;
  /** Its name for people. */
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** The entry file that was loaded. Absolute. */
  readonly source: string;
  readonly runtimeSource?: string;
  /** The plugin's folder. Absolute. */
  readonly rootDir?: string;
  /** Why the plugin is being loaded; `full` in a running gateway. */
  readonly registrationMode: PluginRegistrationMode;
  /** The active configuration snapshot. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `plugins.entries.<id>.config` after validation, defaults and secret resolution. */
  readonly pluginConfig?: Readonly<Record<string, unknown>>;
  /**
   * What the gateway does for plugins: `config`, `state`, `agent`, `channel`, `tasks`… To be kept for later;
   * while registering only `version`, `logging` and `state.resolveStateDir` answer.
   */
  readonly runtime: PluginRuntime;
  /** Lines of the gateway's log that carry the plugin's id; secrets are blacked out. */
  readonly logger: PluginLogger;
  /** Absolute and `~` paths as a user writes them; anything else relative to the plugin's folder. */
  resolvePath(input: string): string;

  /**
   * Listens to a typed lifecycle hook; the names and their rules are in docs/plugins/hooks.md. Higher
   * `priority` runs first.
   * @example
   * api.on("message_received", (event) => api.logger.info(`from ${event.from}`));
   */
  on<Name extends HookName>(hook: Name, handler: HookHandler<Name>, options?: HookOptions): void;
  /** Is told when an operator approved or denied binding a conversation to this plugin. */
  onConversationBindingResolved(listener: ConversationBindingListener): void;

  /** The session registrations, grouped. */
  readonly session: {
    readonly state: SessionStateApi;
    readonly workflow: SessionWorkflowApi;
    readonly controls: SessionControlsApi;
  };
  /** Events of agent runs. */
  readonly agent: { readonly events: AgentEventsApi };
  /** Values that live as long as one run. */
  readonly runContext: RunContextApi;
  /** The end of this instance of the plugin: what to release, and when. */
  readonly lifecycle: LifecycleApi;

  /**
   * A model provider: its catalogue, its authentication and, unless another plugin serves its `api`, its stream.
   */
  registerProvider(provider: ProviderPlugin): void;
  /** Rows of a provider's text, voice or media models, apart from the provider itself. */
  registerModelCatalogProvider(provider: ModelCatalogProvider): void;
  /** A chat platform: accounts, messages in, messages out. One owner for each channel id. */
  registerChannel<Channel extends { id: string }>(registration: Channel | { plugin: Channel }): void;
  /** An executor of whole agent attempts. Accepted and shown; not used yet. */
  registerAgentHarness<Value extends AgentHarness>(
    harness: Value,
    options?: { nativeCompaction?: boolean },
  ): void;
  /** A local AI command line as an inference backend; its id becomes the prefix of its models. */
  registerCliBackend<Value extends CliBackend>(backend: Value): void;
  /** Replacements in the prompts and answers of the plugin's models. Accepted and shown; not used yet. */
  registerTextTransforms(transforms: TextTransforms): void;
  /**
   * Turns texts into vectors, for memory search and other plugins. Names must be in
   * `contracts.embeddingProviders`.
   */
  registerEmbeddingProvider<Value extends EmbeddingProviderAdapter>(adapter: Value): void;
  /** @deprecated Use `registerEmbeddingProvider`, which memory search reads as well. */
  registerMemoryEmbeddingProvider<Value extends EmbeddingProviderAdapter>(adapter: Value): void;
  /** Text to speech. List its id in `contracts.speechProviders`, and it is found before its plugin is loaded. */
  registerSpeechProvider<Value extends SpeechProvider>(provider: ProviderOrFactory<Value>): void;
  /** Speech to text while it is spoken. List its id in `contracts.realtimeTranscriptionProviders`, and it is found before its plugin is loaded. */
  registerRealtimeTranscriptionProvider<Value extends LabelledProvider>(
    provider: ProviderOrFactory<Value>,
  ): void;
  /** Voice sessions in both directions. List its id in `contracts.realtimeVoiceProviders`, and it is found before its plugin is loaded. */
  registerRealtimeVoiceProvider<Value extends LabelledProvider>(provider: ProviderOrFactory<Value>): void;
  /** Describes images, audio and video. List its id in `contracts.mediaUnderstandingProviders`, and it is found before its plugin is loaded. */
  registerMediaUnderstandingProvider<Value extends MediaUnderstandingProvider>(provider: Value): void;
  /** A source of meeting transcripts. List its id in `contracts.transcriptSourceProviders`, and it is found before its plugin is loaded. */
  registerTranscriptSourceProvider<Value extends TranscriptSourceProvider>(provider: Value): void;
  /** Makes images. List its id in `contracts.imageGenerationProviders`, and it is found before its plugin is loaded. */
  registerImageGenerationProvider<Value extends Identified>(provider: Value): void;
  /** Makes videos. List its id in `contracts.videoGenerationProviders`, and it is found before its plugin is loaded. */
  registerVideoGenerationProvider<Value extends Identified>(provider: Value): void;
  /** Makes music. List its id in `contracts.musicGenerationProviders`, and it is found before its plugin is loaded. */
  registerMusicGenerationProvider<Value extends Identified>(provider: Value): void;
  /** Fetches web pages for agents. List its id in `contracts.webFetchProviders`, and it is found before its plugin is loaded. */
  registerWebFetchProvider<Value extends WebProvider>(provider: Value): void;
  /** Searches the web. List its id in `contracts.webSearchProviders`, and it is found before its plugin is loaded. */
  registerWebSearchProvider<Value extends WebProvider>(provider: Value): void;
  /** Imports settings and data of another program. Accepted and shown; not used yet. */
  registerMigrationProvider<Value extends MigrationProvider>(provider: Value): void;
  /** Provides machines for agent work. Accepted and shown; not used yet. */
  registerWorkerProvider<Value extends WorkerProvider>(provider: Value): void;
  /** Evaluates batches of decisions. Accepted and shown; not used yet. */
  registerDecisionProvider<Value extends DecisionProvider>(provider: Value): void;
  /** Lists and reads sessions that another program keeps. Accepted and shown; not used yet. */
  registerSessionCatalog<Value extends SessionCatalog>(catalog: Value): void;
  /** Summarises transcripts. Accepted and shown; not used yet. */
  registerCompactionProvider<Value extends CompactionProvider>(provider: Value): void;

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

  /** Listens to colon events such as `command:new`. Typed hooks (`api.on`) know more. */
  registerHook(
    events: string | string[],
    handler: (event: LegacyHookEvent) => unknown,
    options?: LegacyHookOptions,
  ): void;
  /**
   * An endpoint on the gateway's port. `auth: "gateway"` asks for the gateway's token; with `"plugin"` the
   * handler checks every request itself.
   */
  registerHttpRoute(route: PluginHttpRoute): void;
  /** A method of the gateway's RPC; without `scope` it needs `operator.admin`. */
  registerGatewayMethod(name: string, handler: GatewayMethodHandler, options?: GatewayMethodOptions): void;
  /** A further requirement on authenticated persons. Accepted and shown; not used yet. */
  registerGatewayAccessPolicy(policy: { authorize(context: unknown): unknown }): void;
  /** Announces the gateway on the local network; a hint for routing, never authentication. */
  registerGatewayDiscoveryService(service: GatewayDiscoveryService): void;
  /**
   * Commands of `sluice`. `descriptors` and `cliCommands` of the manifest name them, so that help needs no code.
   */
  registerCli(registrar: CliRegistrar, options?: CliOptions): void;
  /** Commands below `nodes`, for features of paired nodes. */
  registerNodeCliFeature(registrar: CliRegistrar, options?: Omit<CliOptions, "parentPath">): void;
  /** A command this machine answers when it runs as a node. Accepted and shown; not used yet. */
  registerNodeHostCommand<Value extends NodeHostCommand>(command: Value): void;
  /** Decides in the gateway whether a command may be forwarded to a node. */
  registerNodeInvokePolicy<Value extends NodeInvokePolicy>(policy: Value): void;
  /**
   * Background work: `start` runs when the gateway serves, `stop` when it ends or the plugin goes. The place
   * for timers, sockets and connections.
   */
  registerService(service: PluginService): void;
  /** Answers buttons and menus of a channel whose data starts with the handler's namespace. */
  registerInteractiveHandler<Value extends InteractiveHandler>(handler: Value): void;
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
  /** Says which configuration paths restart the gateway, reload this plugin, or need nothing. */
  registerReload(registration: ReloadRegistration): void;
  /** Migrates older settings. Accepted and shown; not used yet. */
  registerConfigMigration(migrate: (config: never) => unknown): void;
  /** Names reasons to enable the plugin by itself. Accepted and shown; not used yet. */
  registerAutoEnableProbe(probe: (context: never) => string | string[] | null | undefined): void;
  /** Adds findings to the security audit. Accepted and shown; not used yet. */
  registerSecurityAuditCollector(collector: (context: never) => unknown): void;
  /** Runs detached tasks. Accepted and shown; not used yet. */
  registerDetachedTaskRuntime(runtime: object): void;
  /** Maps media URLs that the plugin hosts to local files. Accepted and shown; not used yet. */
  registerHostedMediaResolver(resolver: (url: string) => string | null | undefined): void;
  /** Presents widgets on the control page. Accepted and shown; not used yet. */
  registerWidgetPresenter(presenter: object): void;
  /** A kind of content for board widgets. Accepted and shown; not used yet. */
  registerBoardWidgetContentKind(kind: object): void;
  /** Resolves how an MCP server of the manifest is reached. Accepted and shown; not used yet. */
  registerMcpServerConnectionResolver(resolver: {
    serverName: string;
    resolve(...args: never[]): unknown;
  }): void;

  /**
   * The exclusive memory of the gateway. The manifest needs `"kind": "memory"`, the configuration selects it in
   * `plugins.slots.memory`.
   */
  registerMemoryCapability(capability: MemoryCapability): void;
  /** @deprecated Use `registerMemoryCapability({ promptBuilder })`. */
  registerMemoryPromptSection(builder: MemoryPromptBuilder): void;
  /** @deprecated Use `registerMemoryCapability({ flushPlanResolver })`. */
  registerMemoryFlushPlan(resolver: MemoryFlushPlanResolver): void;
  /** @deprecated Use `registerMemoryCapability({ runtime })`. */
  registerMemoryRuntime<Value extends MemoryRuntimeAdapter>(runtime: Value): void;
  /** Lines beside the memory part of the prompt, built synchronously. Any plugin, one each. */
  registerMemoryPromptSupplement(builder: MemoryPromptBuilder): void;
  /** Lines beside the memory part of the prompt, prepared once per run and allowed to wait. */
  registerMemoryPromptPreparation(prepare: MemoryPromptPreparation): void;
  /** A corpus of its own for memory search and memory get. Any plugin, one each. */
  registerMemoryCorpusSupplement(supplement: MemoryCorpusSupplement): void;
  /** Assembles and compacts the context of sessions. `plugins.slots.contextEngine` selects one. */
  registerContextEngine(id: string, factory: ContextEngineFactory): void;
}

/** The ecosystem's names for the same types. */
export type OpenClawPluginApi = PluginApi;
export type OmeniaClawPluginApi = PluginApi;

/** What an entry module exports (spec 2.11.2). `activate` is an older name of `register`. */
export interface PluginDefinition {
  id?: string;
  name?: string;
  description?: string;
  version?: string;
  kind?: PluginKind | PluginKind[];
  configSchema?: unknown;
  reload?: ReloadRegistration;
  nodeHostCommands?: NodeHostCommand[];
  securityAuditCollectors?: ((context: never) => unknown)[];
  /** Must be synchronous; a promise fails the plugin. */
  register?(api: PluginApi): void;
  activate?(api: PluginApi): void;
}

export type OpenClawPluginDefinition = PluginDefinition;
