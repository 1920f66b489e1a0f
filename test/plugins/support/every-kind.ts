/** A smallest valid registration of every kind, as source text inside `register(api)`. */
export interface KindExample {
  readonly kind: string;
  readonly key: string;
  readonly features: string;
  /** Valid call; `ID` stands for the id or name that is registered. */
  readonly call: string;
  /** Calls that must be refused as malformed. */
  readonly malformed: readonly string[];
  /** The same key by another plugin. */
  readonly others: "refused" | "independent";
  /** The same key by the same plugin. */
  readonly again: "refused" | "replaced" | "ignored" | "kept";
}

const CHANNEL = `capabilities: { chatTypes: ["direct"] }, config: { listAccountIds: () => [], resolveAccount: () => ({}) }`;
const WEB = `label: "l", hint: "h", envVars: [], placeholder: "p", signupUrl: "u", credentialPath: "c", getCredentialValue() {}, setCredentialValue() {}, createTool: () => null`;

function provider(
  kind: string,
  method: string,
  features: string,
  members: string,
  more: Partial<KindExample> = {},
): KindExample {
  return {
    kind,
    key: "one",
    features,
    call: `api.${method}({ id: "one", ${members} });`,
    malformed: [`api.${method}();`, `api.${method}({ ${members} });`, `api.${method}({ id: "one" });`],
    others: "refused",
    again: "refused",
    ...more,
  };
}

/** The manifest that declares what the examples need. */
export const EVERY_CONTRACT = {
  kind: "memory",
  contracts: {
    tools: ["one"],
    embeddingProviders: ["one", "two"],
    memoryEmbeddingProviders: ["one"],
    agentToolResultMiddleware: ["openclaw"],
    agentToolCallMiddleware: ["openclaw"],
    trustedToolPolicies: ["one"],
    decisionProviders: ["one"],
    embeddedExtensionFactories: ["codex-app-server"],
  },
};

export const EVERY_KIND: readonly KindExample[] = [
  provider("provider", "registerProvider", "F031", `label: "One", auth: []`),
  {
    kind: "modelCatalogProvider",
    key: "one",
    features: "F262",
    call: `api.registerModelCatalogProvider({ provider: "one", kinds: ["text"] });`,
    malformed: [`api.registerModelCatalogProvider({ provider: "one", kinds: [] });`],
    others: "refused",
    again: "refused",
  },
  provider("cliBackend", "registerCliBackend", "F033 F087", `config: { command: "my-cli" }`),
  provider("agentHarness", "registerAgentHarness", "F032", `supports: () => true, async runAttempt() {}`),
  provider("compactionProvider", "registerCompactionProvider", "F262", `label: "l", summarize: () => ""`),
  provider("channel", "registerChannel", "F034", CHANNEL, {
    malformed: [
      `api.registerChannel({ id: "one", capabilities: { chatTypes: [] }, config: { listAccountIds() {}, resolveAccount() {} } });`,
      `api.registerChannel({ id: "one", capabilities: { chatTypes: ["letter"] }, config: { listAccountIds() {}, resolveAccount() {} } });`,
      `api.registerChannel({ id: "one", capabilities: { chatTypes: ["direct"] } });`,
    ],
    again: "replaced",
  }),
  {
    kind: "interactiveHandler",
    key: "irc:one",
    features: "F080",
    call: `api.registerInteractiveHandler({ channel: "irc", namespace: "one", handler() {} });`,
    malformed: [
      `api.registerInteractiveHandler({ channel: "irc", namespace: "a b", handler() {} });`,
      `api.registerInteractiveHandler({ channel: "irc", namespace: "one" });`,
    ],
    others: "refused",
    again: "refused",
  },
  {
    kind: "conversationBindingListener",
    key: "a",
    features: "F125",
    call: `api.onConversationBindingResolved(() => {});`,
    malformed: [`api.onConversationBindingResolved("x");`],
    others: "independent",
    again: "kept",
  },
  {
    kind: "tool",
    key: "one",
    features: "F054",
    call: `api.registerTool({ name: "one", description: "d", parameters: {}, async execute() {} });`,
    malformed: [
      `api.registerTool({ name: "one" });`,
      `api.registerTool({ contextVersion: 3, create() {} }, { name: "one" });`,
      `api.registerTool("one");`,
    ],
    others: "refused",
    again: "refused",
  },
  {
    kind: "toolMetadata",
    key: "one",
    features: "F066",
    call: `api.registerToolMetadata({ toolName: "one", displayName: "One", risk: "low", tags: ["x"] });`,
    malformed: [
      `api.registerToolMetadata({ toolName: "one", risk: "extreme" });`,
      `api.registerToolMetadata({ toolName: "one", displayName: "" });`,
      `api.registerToolMetadata({ toolName: "one", tags: [""] });`,
    ],
    others: "independent",
    again: "refused",
  },
  {
    kind: "command",
    key: "one",
    features: "F055",
    call: `api.registerCommand({ name: "One", description: "d", handler() {} });`,
    malformed: [
      `api.registerCommand({ name: "1up", description: "d", handler() {} });`,
      `api.registerCommand({ name: "one", description: "", handler() {} });`,
      `api.registerCommand({ name: "one", description: "d" });`,
    ],
    others: "refused",
    again: "refused",
  },
  {
    kind: "agentToolResultMiddleware",
    key: "a",
    features: "F081",
    call: `api.registerAgentToolResultMiddleware(() => {}, { runtimes: ["pi"] });`,
    malformed: [`api.registerAgentToolResultMiddleware({});`],
    others: "independent",
    again: "kept",
  },
  {
    kind: "agentToolCallMiddleware",
    key: "a",
    features: "F081",
    call: `api.registerAgentToolCallMiddleware(async (ctx) => ctx.execute(ctx.params), { runtimes: ["pi"], priority: 100 });`,
    malformed: [`api.registerAgentToolCallMiddleware({});`],
    others: "independent",
    again: "kept",
  },
  provider("trustedToolPolicy", "registerTrustedToolPolicy", "F096", `description: "d", evaluate() {}`, {
    others: "independent",
  }),
  {
    kind: "hook",
    key: "one",
    features: "F067",
    call: `api.registerHook(["command:new"], () => {}, { name: "one" });`,
    malformed: [
      `api.registerHook([], () => {}, { name: "one" });`,
      `api.registerHook("command:new", "x", { name: "one" });`,
    ],
    others: "refused",
    again: "refused",
  },
  {
    kind: "typedHook",
    key: "message_received",
    features: "F124",
    call: `api.on("message_received", () => {});`,
    malformed: [`api.on("message_received", "x");`],
    others: "independent",
    again: "kept",
  },
  {
    kind: "httpRoute",
    key: "exact /one",
    features: "F068",
    call: `api.registerHttpRoute({ path: "/one", auth: "gateway", handler() {} });`,
    malformed: [
      `api.registerHttpRoute({ auth: "gateway", handler() {} });`,
      `api.registerHttpRoute({ path: "/one", auth: "gateway" });`,
      `api.registerHttpRoute({ path: "/one", auth: "gateway", handler() {}, match: "glob" });`,
      `api.registerHttpRoute({ path: "/%", auth: "gateway", handler() {} });`,
    ],
    others: "refused",
    again: "replaced",
  },
  {
    kind: "gatewayMethod",
    key: "one.get",
    features: "F069",
    call: `api.registerGatewayMethod("one.get", () => 1, { scope: "operator.read" });`,
    malformed: [
      `api.registerGatewayMethod("one.get");`,
      `api.registerGatewayMethod("one.get", () => 1, { scope: "root" });`,
    ],
    others: "refused",
    again: "refused",
  },
  provider("service", "registerService", "F079", `start() {}`, { again: "ignored" }),
  provider("gatewayDiscoveryService", "registerGatewayDiscoveryService", "F070", `advertise() {}`, {
    again: "ignored",
  }),
  {
    kind: "cli",
    key: "one",
    features: "F074",
    call: `api.registerCli(() => {}, { descriptors: [{ name: "one", description: "d", hasSubcommands: false }] });`,
    malformed: [
      `api.registerCli(() => {});`,
      `api.registerCli("x", { commands: ["one"] });`,
      `api.registerCli(() => {}, { commands: ["a b"] });`,
      `api.registerCli(() => {}, { descriptors: [{ name: "one" }] });`,
    ],
    others: "refused",
    again: "refused",
  },
  {
    kind: "cli",
    key: "nodes one",
    features: "F078",
    call: `api.registerNodeCliFeature(() => {}, { commands: ["one"] });`,
    malformed: [`api.registerNodeCliFeature(() => {}, {});`],
    others: "refused",
    again: "refused",
  },
  {
    kind: "nodeHostCommand",
    key: "one",
    features: "F265",
    call: `api.registerNodeHostCommand({ command: "one", handle: () => "" });`,
    malformed: [`api.registerNodeHostCommand({ command: "one" });`],
    others: "refused",
    again: "refused",
  },
  {
    kind: "nodeInvokePolicy",
    key: "one",
    features: "F086",
    call: `api.registerNodeInvokePolicy({ commands: ["one"], handle() {} });`,
    malformed: [
      `api.registerNodeInvokePolicy({ commands: [], handle() {} });`,
      `api.registerNodeInvokePolicy({ commands: ["one"] });`,
      `api.registerNodeInvokePolicy({ commands: ["one"], handle() {}, defaultPlatforms: ["amiga"] });`,
    ],
    others: "refused",
    again: "refused",
  },
  provider(
    "speechProvider",
    "registerSpeechProvider",
    "F037 F052",
    `label: "l", isConfigured: () => true, async synthesize() {}`,
  ),
  provider(
    "realtimeTranscriptionProvider",
    "registerRealtimeTranscriptionProvider",
    "F038",
    `label: "l", isConfigured: () => true, createSession() {}`,
  ),
  provider(
    "realtimeVoiceProvider",
    "registerRealtimeVoiceProvider",
    "F039",
    `label: "l", isConfigured: () => true, createBridge() {}`,
  ),
  provider(
    "mediaUnderstandingProvider",
    "registerMediaUnderstandingProvider",
    "F040",
    `capabilities: ["image"]`,
    {
      malformed: [`api.registerMediaUnderstandingProvider({ id: "one", capabilities: ["smell"] });`],
    },
  ),
  provider(
    "transcriptSourceProvider",
    "registerTranscriptSourceProvider",
    "F041",
    `name: "n", sourceKinds: ["live-audio"]`,
  ),
  provider(
    "imageGenerationProvider",
    "registerImageGenerationProvider",
    "F042",
    `capabilities: {}, async generateImage() {}`,
  ),
  provider(
    "videoGenerationProvider",
    "registerVideoGenerationProvider",
    "F044",
    `capabilities: {}, async generateVideo() {}`,
  ),
  provider(
    "musicGenerationProvider",
    "registerMusicGenerationProvider",
    "F043",
    `capabilities: {}, async generateMusic() {}`,
  ),
  provider("webSearchProvider", "registerWebSearchProvider", "F046", WEB),
  provider("webFetchProvider", "registerWebFetchProvider", "F045", WEB),
  provider("embeddingProvider", "registerEmbeddingProvider", "F035", `create() {}`),
  provider("memoryEmbeddingProvider", "registerMemoryEmbeddingProvider", "F050", `create() {}`),
  {
    kind: "sessionExtension",
    key: "one",
    features: "F094",
    call: `api.session.state.registerSessionExtension({ namespace: "one", description: "d" });`,
    malformed: [
      `api.registerSessionExtension({ namespace: "one" });`,
      `api.registerSessionExtension({ namespace: "one", description: "d", project: async () => 1 });`,
      `api.registerSessionExtension({ namespace: "one", description: "d", sessionEntrySlotKey: "sessionId" });`,
    ],
    others: "independent",
    again: "refused",
  },
  provider(
    "sessionSchedulerJob",
    "session.workflow.registerSessionSchedulerJob",
    "F104",
    `sessionKey: "k", kind: "x"`,
    { others: "independent" },
  ),
  provider("sessionAction", "session.controls.registerSessionAction", "F108", `handler() {}`, {
    malformed: [
      `api.registerSessionAction({ id: "one" });`,
      `api.registerSessionAction({ id: "one", handler() {}, schema: 5 });`,
      `api.registerSessionAction({ id: "one", handler() {}, requiredScopes: ["root"] });`,
    ],
    others: "independent",
  }),
  provider(
    "controlUiDescriptor",
    "session.controls.registerControlUiDescriptor",
    "F099",
    `surface: "session", label: "l"`,
    {
      malformed: [
        `api.registerControlUiDescriptor({ id: "one", surface: "moon", label: "l" });`,
        `api.registerControlUiDescriptor({ id: "one", surface: "tab", label: "l", slug: "Not A Slug" });`,
        `api.registerControlUiDescriptor({ id: "one", surface: "session", label: "l", path: "//evil" });`,
        `api.registerControlUiDescriptor({ id: "one", surface: "link-reader", label: "l" });`,
      ],
      others: "independent",
    },
  ),
  provider("runtimeLifecycle", "lifecycle.registerRuntimeLifecycle", "F100", `cleanup() {}`, {
    malformed: [`api.registerRuntimeLifecycle({ id: "one", cleanup: "x" });`],
    others: "independent",
  }),
  provider("agentEventSubscription", "agent.events.registerAgentEventSubscription", "F101", `handle() {}`, {
    others: "independent",
  }),
  {
    kind: "memoryCapability",
    key: "a",
    features: "F118",
    call: `api.registerMemoryCapability({ promptBuilder: () => [] });`,
    malformed: [`api.registerMemoryCapability({ promptBuilder: "x" });`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "memoryPromptSection",
    key: "a",
    features: "F120",
    call: `api.registerMemoryPromptSection(() => []);`,
    malformed: [`api.registerMemoryPromptSection("x");`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "memoryFlushPlan",
    key: "a",
    features: "F121 F123",
    call: `api.registerMemoryFlushPlan(() => ({ model: "ollama/qwen3:8b" }));`,
    malformed: [`api.registerMemoryFlushPlan({});`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "memoryRuntime",
    key: "a",
    features: "F122",
    call: `api.registerMemoryRuntime({ getMemorySearchManager() {}, resolveMemoryBackendConfig() {} });`,
    malformed: [`api.registerMemoryRuntime({});`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "memoryPromptSupplement",
    key: "a",
    features: "F084",
    call: `api.registerMemoryPromptSupplement(() => ["line"]);`,
    malformed: [`api.registerMemoryPromptSupplement();`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "memoryPromptPreparation",
    key: "a",
    features: "",
    call: `api.registerMemoryPromptPreparation(async () => []);`,
    malformed: [`api.registerMemoryPromptPreparation();`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "memoryCorpusSupplement",
    key: "a",
    features: "F085",
    call: `api.registerMemoryCorpusSupplement({ search: () => [], get: () => null });`,
    malformed: [`api.registerMemoryCorpusSupplement({ search: () => [] });`],
    others: "independent",
    again: "replaced",
  },
  {
    kind: "contextEngine",
    key: "one",
    features: "F114",
    call: `api.registerContextEngine("one", () => ({}));`,
    malformed: [`api.registerContextEngine("", () => ({}));`, `api.registerContextEngine("one", {});`],
    others: "refused",
    again: "refused",
  },
  provider("migrationProvider", "registerMigrationProvider", "F262", `label: "l", plan() {}, apply() {}`),
  provider(
    "workerProvider",
    "registerWorkerProvider",
    "F263",
    `resolveAllocation() {}, provision() {}, inspect() {}, destroy() {}`,
  ),
  provider("decisionProvider", "registerDecisionProvider", "F263", `contractVersion: 1, evaluate() {}`),
  provider("sessionCatalog", "registerSessionCatalog", "F263", `label: "l", list() {}, read() {}`),
  {
    kind: "detachedTaskRuntime",
    key: "runtime",
    features: "F267",
    call: `api.registerDetachedTaskRuntime({});`,
    malformed: [`api.registerDetachedTaskRuntime(1);`],
    others: "refused",
    again: "refused",
  },
  {
    kind: "reload",
    key: "a",
    features: "F267",
    call: `api.registerReload({ hotPrefixes: ["x"] });`,
    malformed: [`api.registerReload({});`],
    others: "independent",
    again: "kept",
  },
  ...(
    [
      "textTransforms",
      "configMigration",
      "autoEnableProbe",
      "securityAuditCollector",
      "hostedMediaResolver",
    ] as const
  ).map((kind): KindExample => {
    const method = `register${kind[0]?.toUpperCase()}${kind.slice(1)}`;
    const value = kind === "textTransforms" ? `{ input: [{ from: "a", to: "b" }] }` : `() => null`;
    return {
      kind,
      key: "a",
      features: kind === "hostedMediaResolver" ? "F266" : "F267",
      call: `api.${method}(${value});`,
      malformed: [`api.${method}({});`],
      others: "independent",
      again: "kept",
    };
  }),
  {
    kind: "mcpServerConnectionResolver",
    key: "one",
    features: "F266",
    call: `api.registerMcpServerConnectionResolver({ serverName: "one", resolve() {} });`,
    malformed: [`api.registerMcpServerConnectionResolver({ serverName: "one" });`],
    others: "refused",
    again: "replaced",
  },
  ...(
    [
      ["gatewayAccessPolicy", "registerGatewayAccessPolicy", `{ authorize() {} }`],
      ["widgetPresenter", "registerWidgetPresenter", `{}`],
      ["boardWidgetContentKind", "registerBoardWidgetContentKind", `{}`],
    ] as const
  ).map(
    ([kind, method, value]): KindExample => ({
      kind,
      key: "a",
      features: "F266",
      call: `api.${method}(${value});`,
      malformed: [`api.${method}(1);`],
      others: "independent",
      again: "replaced",
    }),
  ),
];
