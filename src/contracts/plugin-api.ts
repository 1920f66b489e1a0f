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
  registerSessionExtension(extension: SessionExtension): void;
}

export interface SessionWorkflowApi {
  /** Adds context to the next turn of a session, exactly once, surviving restarts (spec 3.19). */
  enqueueNextTurnInjection(
    injection: NextTurnInjection,
  ): Promise<{ enqueued: boolean; id: string; sessionKey: string }>;
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
  registerSessionAction(action: SessionAction): void;
  registerControlUiDescriptor(descriptor: ControlUiDescriptor): void;
}

export interface AgentEventsApi {
  registerAgentEventSubscription(subscription: AgentEventSubscription): void;
  emitAgentEvent(event: {
    runId: string;
    stream: string;
    data: unknown;
    sessionKey?: string;
  }): { emitted: true; stream: string } | { emitted: false; reason: string };
}

export interface RunContextApi {
  setRunContext(params: { runId: string; namespace: string; value?: unknown; unset?: boolean }): boolean;
  getRunContext(params: { runId: string; namespace: string }): unknown;
  clearRunContext(params: { runId: string; namespace?: string }): void;
}

export interface LifecycleApi {
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
  readonly id: string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly source: string;
  readonly runtimeSource?: string;
  readonly rootDir?: string;
  readonly registrationMode: PluginRegistrationMode;
  /** The active configuration snapshot. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `plugins.entries.<id>.config` after validation, defaults and secret resolution. */
  readonly pluginConfig?: Readonly<Record<string, unknown>>;
  readonly runtime: PluginRuntime;
  readonly logger: PluginLogger;
  /** Absolute and `~` paths as a user writes them; anything else relative to the plugin's folder. */
  resolvePath(input: string): string;

  on<Name extends HookName>(hook: Name, handler: HookHandler<Name>, options?: HookOptions): void;
  onConversationBindingResolved(listener: ConversationBindingListener): void;

  readonly session: {
    readonly state: SessionStateApi;
    readonly workflow: SessionWorkflowApi;
    readonly controls: SessionControlsApi;
  };
  readonly agent: { readonly events: AgentEventsApi };
  readonly runContext: RunContextApi;
  readonly lifecycle: LifecycleApi;

  registerProvider(provider: ProviderPlugin): void;
  registerModelCatalogProvider(provider: ModelCatalogProvider): void;
  registerChannel<Channel extends { id: string }>(registration: Channel | { plugin: Channel }): void;
  registerAgentHarness<Value extends AgentHarness>(
    harness: Value,
    options?: { nativeCompaction?: boolean },
  ): void;
  registerCliBackend<Value extends CliBackend>(backend: Value): void;
  registerTextTransforms(transforms: TextTransforms): void;
  registerEmbeddingProvider<Value extends EmbeddingProviderAdapter>(adapter: Value): void;
  registerMemoryEmbeddingProvider<Value extends EmbeddingProviderAdapter>(adapter: Value): void;
  registerSpeechProvider<Value extends SpeechProvider>(provider: ProviderOrFactory<Value>): void;
  registerRealtimeTranscriptionProvider<Value extends LabelledProvider>(
    provider: ProviderOrFactory<Value>,
  ): void;
  registerRealtimeVoiceProvider<Value extends LabelledProvider>(provider: ProviderOrFactory<Value>): void;
  registerMediaUnderstandingProvider<Value extends MediaUnderstandingProvider>(provider: Value): void;
  registerTranscriptSourceProvider<Value extends TranscriptSourceProvider>(provider: Value): void;
  registerImageGenerationProvider<Value extends Identified>(provider: Value): void;
  registerVideoGenerationProvider<Value extends Identified>(provider: Value): void;
  registerMusicGenerationProvider<Value extends Identified>(provider: Value): void;
  registerWebFetchProvider<Value extends WebProvider>(provider: Value): void;
  registerWebSearchProvider<Value extends WebProvider>(provider: Value): void;
  registerMigrationProvider<Value extends MigrationProvider>(provider: Value): void;
  registerWorkerProvider<Value extends WorkerProvider>(provider: Value): void;
  registerDecisionProvider<Value extends DecisionProvider>(provider: Value): void;
  registerSessionCatalog<Value extends SessionCatalog>(catalog: Value): void;
  registerCompactionProvider<Value extends CompactionProvider>(provider: Value): void;

  registerTool(tool: AgentTool | ToolFactory | ToolDescriptorV2, options?: ToolRegistrationOptions): void;
  registerToolMetadata(metadata: ToolMetadata): void;
  registerCommand(command: PluginCommand): void;

  registerHook(
    events: string | string[],
    handler: (event: LegacyHookEvent) => unknown,
    options?: LegacyHookOptions,
  ): void;
  registerHttpRoute(route: PluginHttpRoute): void;
  registerGatewayMethod(name: string, handler: GatewayMethodHandler, options?: GatewayMethodOptions): void;
  registerGatewayAccessPolicy(policy: { authorize(context: unknown): unknown }): void;
  registerGatewayDiscoveryService(service: GatewayDiscoveryService): void;
  registerCli(registrar: CliRegistrar, options?: CliOptions): void;
  registerNodeCliFeature(registrar: CliRegistrar, options?: Omit<CliOptions, "parentPath">): void;
  registerNodeHostCommand<Value extends NodeHostCommand>(command: Value): void;
  registerNodeInvokePolicy<Value extends NodeInvokePolicy>(policy: Value): void;
  registerService(service: PluginService): void;
  registerInteractiveHandler<Value extends InteractiveHandler>(handler: Value): void;
  registerAgentToolResultMiddleware(
    middleware: AgentToolResultMiddleware,
    options?: { matcher?: string[]; runtimes?: string[] },
  ): void;
  registerAgentToolCallMiddleware(
    middleware: AgentToolCallMiddleware,
    options?: { matcher?: string[]; runtimes?: string[]; priority?: number },
  ): void;
  registerCodexAppServerExtensionFactory(factory: (...args: never[]) => unknown): void;
  registerTrustedToolPolicy(policy: TrustedToolPolicy): void;
  registerReload(registration: ReloadRegistration): void;
  registerConfigMigration(migrate: (config: never) => unknown): void;
  registerAutoEnableProbe(probe: (context: never) => string | string[] | null | undefined): void;
  registerSecurityAuditCollector(collector: (context: never) => unknown): void;
  registerDetachedTaskRuntime(runtime: object): void;
  registerHostedMediaResolver(resolver: (url: string) => string | null | undefined): void;
  registerWidgetPresenter(presenter: object): void;
  registerBoardWidgetContentKind(kind: object): void;
  registerMcpServerConnectionResolver(resolver: {
    serverName: string;
    resolve(...args: never[]): unknown;
  }): void;

  registerMemoryCapability(capability: MemoryCapability): void;
  registerMemoryPromptSection(builder: MemoryPromptBuilder): void;
  registerMemoryFlushPlan(resolver: MemoryFlushPlanResolver): void;
  registerMemoryRuntime<Value extends MemoryRuntimeAdapter>(runtime: Value): void;
  registerMemoryPromptSupplement(builder: MemoryPromptBuilder): void;
  registerMemoryPromptPreparation(prepare: MemoryPromptPreparation): void;
  registerMemoryCorpusSupplement(supplement: MemoryCorpusSupplement): void;
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
