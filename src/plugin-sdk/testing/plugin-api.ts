import type { PluginApi } from "../../contracts/plugin-api.ts";

/** Methods that store something and return nothing. */
const REGISTRATIONS =
  "registerAgentEventSubscription registerAgentHarness registerAgentToolCallMiddleware registerAgentToolResultMiddleware " +
  "registerAutoEnableProbe registerBoardWidgetContentKind registerChannel registerCli registerCliBackend " +
  "registerCodexAppServerExtensionFactory registerCommand registerCompactionProvider registerConfigMigration " +
  "registerContextEngine registerControlUiDescriptor registerDecisionProvider registerDetachedTaskRuntime " +
  "registerEmbeddingProvider registerGatewayAccessPolicy registerGatewayDiscoveryService registerGatewayMethod " +
  "registerHook registerHostedMediaResolver registerHttpRoute registerImageGenerationProvider registerInteractiveHandler " +
  "registerMcpServerConnectionResolver registerMediaUnderstandingProvider registerMemoryCapability " +
  "registerMemoryCorpusSupplement registerMemoryEmbeddingProvider registerMemoryFlushPlan registerMemoryPromptPreparation " +
  "registerMemoryPromptSection registerMemoryPromptSupplement registerMemoryRuntime registerMigrationProvider " +
  "registerModelCatalogProvider registerMusicGenerationProvider registerNodeCliFeature registerNodeHostCommand " +
  "registerNodeInvokePolicy registerProvider registerRealtimeTranscriptionProvider registerRealtimeVoiceProvider " +
  "registerReload registerRuntimeLifecycle registerSecurityAuditCollector registerService registerSessionAction " +
  "registerSessionCatalog registerSessionExtension registerSessionSchedulerJob registerSpeechProvider " +
  "registerTextTransforms registerTool registerToolMetadata registerTranscriptSourceProvider registerTrustedToolPolicy " +
  "registerVideoGenerationProvider registerWebFetchProvider registerWebSearchProvider registerWidgetPresenter " +
  "registerWorkerProvider on onConversationBindingResolved clearRunContext";

/** What a gateway answers that has nothing to do for the plugin. */
const NEGATIVE = {
  enqueueNextTurnInjection: async () => ({ enqueued: false }),
  sendSessionAttachment: async () => ({ ok: false, error: "no gateway runs in this test" }),
  scheduleSessionTurn: async () => undefined,
  unscheduleSessionTurnsByTag: async () => ({ removed: 0, failed: 0 }),
  emitAgentEvent: () => ({ emitted: false }),
  setRunContext: () => false,
  getRunContext: () => undefined,
};

const GROUPS = {
  session: {
    state: ["registerSessionExtension"],
    workflow: [
      "enqueueNextTurnInjection",
      "registerSessionSchedulerJob",
      "sendSessionAttachment",
      "scheduleSessionTurn",
      "unscheduleSessionTurnsByTag",
    ],
    controls: ["registerSessionAction", "registerControlUiDescriptor"],
  },
  agent: { events: ["registerAgentEventSubscription", "emitAgentEvent"] },
} as const;

type Members = Record<string, unknown>;

/**
 * An `api` for unit tests of a plugin (spec 7): every method is there and does nothing; pass your own to see what is
 * registered. The grouped names call the flat ones, so one override serves both.
 *
 * @example
 * const tools = [];
 * plugin.register(createTestPluginApi({ registerTool: (tool) => tools.push(tool) }));
 */
export function createTestPluginApi(overrides: Partial<PluginApi> | Members = {}): PluginApi {
  const nothing = () => undefined;
  const api: Members = {
    id: "test-plugin",
    name: "Test plugin",
    source: "test",
    registrationMode: "full",
    config: {},
    pluginConfig: {},
    runtime: {},
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    resolvePath: (input: string) => input,
    ...Object.fromEntries(REGISTRATIONS.split(" ").map((name) => [name, nothing])),
    ...NEGATIVE,
  };
  const group = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((name) => [
        name,
        (...args: unknown[]) => (api[name] as (...args: unknown[]) => unknown)(...args),
      ]),
    );
  api["session"] = {
    state: group(GROUPS.session.state),
    workflow: group(GROUPS.session.workflow),
    controls: group(GROUPS.session.controls),
  };
  api["agent"] = { events: group(GROUPS.agent.events) };
  api["runContext"] = group(["setRunContext", "getRunContext", "clearRunContext"]);
  api["lifecycle"] = {
    ...group(["registerRuntimeLifecycle"]),
    signal: new AbortController().signal,
    onDispose: nothing,
  };
  return Object.assign(api, overrides) as unknown as PluginApi;
}
