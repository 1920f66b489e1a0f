/** What a template is filled with. */
export interface ShapeParts {
  readonly id: string;
  /** The id as part of identifiers: letters, digits and `_`. */
  readonly word: string;
  /** The annotation in TypeScript, nothing in JavaScript. */
  readonly type: (annotation: string) => string;
}

/** One shape `sluice plugins create` knows. */
export interface PluginShapeTemplate {
  readonly shape: string;
  readonly summary: string;
  /** What goes into the manifest besides id, name, description and configSchema. */
  manifest(parts: ShapeParts): Readonly<Record<string, unknown>>;
  /** Statements inside `register(api)`, or the tools of {@link defines}. */
  register(parts: ShapeParts): string;
  /** `tools`: the entry is made with `defineToolPlugin`, so that `plugins build` can write its manifest. */
  readonly defines?: "tools";
  /** Statements before the entry, when it needs some. */
  before?(parts: ShapeParts): string;
  /** What `plugins inspect` shows as contributions. */
  contributes(parts: ShapeParts): Readonly<Record<string, readonly string[]>>;
  /** Statements of the author's own test; `calls` has the arguments of every call, by method. */
  test(parts: ShapeParts): string;
}

const WEB_FIELDS = ({ id, word }: ShapeParts) => `label: "Example search",
      hint: "Answers from a list of its own",
      envVars: ["${word.toUpperCase()}_KEY"],
      placeholder: "key",
      signupUrl: "https://example.org/",
      credentialPath: "plugins.entries.${id}.config.key",
      getCredentialValue: () => undefined,
      setCredentialValue: () => {},`;

/** Every shape, in the order help shows them. */
export const SHAPES: readonly PluginShapeTemplate[] = [
  {
    shape: "tool",
    summary: "a function the agent may call",
    manifest: ({ word }) => ({ contracts: { tools: [`${word}_count`] } }),
    register: ({ word, type }) => `api.registerTool({
      name: "${word}_count",
      description: "Counts the words of a text",
      parameters: {
        type: "object",
        properties: { text: { type: "string" } },
        required: ["text"],
        additionalProperties: false,
      },
      async execute(_callId${type(": string")}, params${type(": unknown")}) {
        const { text } = params${type(" as { text: string }")};
        const words = text.split(/\\s+/).filter(Boolean).length;
        return { content: [{ type: "text", text: \`\${words} words\` }] };
      },
    });`,
    contributes: ({ word }) => ({ tool: [`${word}_count`] }),
    test: () => `const { content } = await calls.registerTool[0][0].execute("call-1", { text: "one two three" });
  assert.equal(content[0].text, "3 words");`,
  },
  {
    shape: "hook",
    summary: "a listener to what happens in the gateway",
    manifest: () => ({ activation: { onStartup: true } }),
    register: () => `let messages = 0;
    api.on("message_received", () => {
      messages += 1;
      api.logger.info(\`message number \${messages}\`);
    });`,
    contributes: () => ({ typedHook: ["message_received"] }),
    test: () => `const [name, handler] = calls.on[0];
  assert.equal(name, "message_received");
  handler({}, {});`,
  },
  {
    shape: "command",
    summary: "a chat command that answers without the agent",
    manifest: ({ word }) => ({ commandAliases: [{ name: word, kind: "runtime-slash" }] }),
    register: ({ word }) => `api.registerCommand({
      name: "${word}",
      description: "Greets whoever asks",
      acceptsArgs: true,
      handler: ({ args }) => ({ text: \`Hello, \${args?.trim() || "you"}!\` }),
    });`,
    contributes: ({ word }) => ({ command: [word] }),
    test: () => `const reply = await calls.registerCommand[0][0].handler({ args: "Ada" });
  assert.equal(reply.text, "Hello, Ada!");`,
  },
  {
    shape: "method",
    summary: "a method of the gateway's RPC",
    manifest: () => ({ activation: { onStartup: true } }),
    register: ({ id }) => `api.registerGatewayMethod(
      "${id}.status",
      ({ respond }) => respond(true, { ok: true, since: started }),
      { scope: "operator.read" },
    );`,
    before: () => `const started = new Date().toISOString();`,
    contributes: ({ id }) => ({ gatewayMethod: [`${id}.status`] }),
    test: () => `let answer;
  await calls.registerGatewayMethod[0][1]({ respond: (ok, payload) => (answer = { ok, payload }) });
  assert.equal(answer.payload.ok, true);`,
  },
  {
    shape: "route",
    summary: "an HTTP endpoint on the gateway's port",
    manifest: () => ({ activation: { onStartup: true } }),
    register: ({
      id,
    }) => `// "gateway" asks for the gateway's token; with "plugin" the handler checks the request itself.
    api.registerHttpRoute({
      path: "/${id}",
      auth: "gateway",
      handler(_request, response) {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ hello: "world" }));
      },
    });`,
    contributes: ({ id }) => ({ httpRoute: [`exact /${id}`] }),
    test: () => `let body = "";
  await calls.registerHttpRoute[0][0].handler({}, { setHeader() {}, end: (text) => (body = text) });
  assert.deepEqual(JSON.parse(body), { hello: "world" });`,
  },
  {
    shape: "service",
    summary: "background work that starts with the gateway and stops with the plugin",
    manifest: () => ({ activation: { onStartup: true } }),
    register: ({ id, type }) => `let timer${type(": ReturnType<typeof setInterval> | undefined")};
    api.registerService({
      id: "${id}",
      start({ logger }) {
        timer = setInterval(() => logger.info("still here"), 60_000);
      },
      stop() {
        clearInterval(timer);
      },
    });`,
    contributes: ({ id }) => ({ service: [id] }),
    test: () => `const service = calls.registerService[0][0];
  await service.start({ logger: console });
  await service.stop();`,
  },
  {
    shape: "cli",
    summary: "a command of the sluice command line",
    manifest: ({ id }) => ({
      cliCommands: [{ name: id, description: "Says hello", hasSubcommands: false }],
    }),
    register: ({ id }) => `api.registerCli(
      ({ program }) => {
        program
          .command("${id}")
          .description("Says hello")
          .action(() => console.log("hello"));
      },
      { descriptors: [{ name: "${id}", description: "Says hello", hasSubcommands: false }] },
    );`,
    contributes: ({ id }) => ({ cli: [id] }),
    test: ({ id }) => `assert.equal(calls.registerCli[0][1].descriptors[0].name, "${id}");`,
  },
  {
    shape: "channel",
    summary: "a chat platform: accounts, messages in, messages out",
    manifest: ({ id }) => ({
      channels: [id],
      channelConfigs: {
        [id]: {
          label: id,
          schema: {
            type: "object",
            additionalProperties: false,
            properties: { enabled: { type: "boolean" }, server: { type: "string" } },
          },
        },
      },
    }),
    before: ({ id, type }) => `const channel = {
  id: "${id}",
  meta: {
    id: "${id}",
    label: "${id}",
    selectionLabel: "${id}",
    docsPath: "/channels/${id}",
    blurb: "Carries messages of ${id}.",
  },
  capabilities: { chatTypes: ["direct"${type(" as const")}] },
  config: {
    listAccountIds: (config${type(": Record<string, unknown>")}) => (settingsOf(config) ? ["default"] : []),
    resolveAccount: (config${type(": Record<string, unknown>")}) => ({ accountId: "default", ...settingsOf(config) }),
  },
  outbound: {
    deliveryMode: "direct"${type(" as const")},
    // Send the text to the platform here; the receipt's id is the platform's own.
    sendText: async ({ to, text }${type(": { to: string; text: string }")}) => ({
      channel: "${id}",
      messageId: \`\${to}:\${text.length}\`,
    }),
  },
};

function settingsOf(config${type(": Record<string, unknown>")})${type(": { server?: string } | undefined")} {
  const channels = config["channels"]${type(" as Record<string, { server?: string }> | undefined")};
  return channels?.["${id}"];
}`,
    register: () => `api.registerChannel({ plugin: channel });`,
    contributes: ({ id }) => ({ channel: [id] }),
    test: ({ id }) => `const { plugin: given } = calls.registerChannel[0][0];
  assert.deepEqual(given.config.listAccountIds({}), []);
  assert.deepEqual(given.config.listAccountIds({ channels: { "${id}": { server: "x" } } }), ["default"]);
  const receipt = await given.outbound.sendText({ to: "ada", text: "hello" });
  assert.equal(receipt.messageId, "ada:5");`,
  },
  {
    shape: "provider",
    summary: "a model provider that speaks the OpenAI protocol",
    manifest: ({ id, word }) => ({
      providers: [id],
      setup: { providers: [{ id, authMethods: ["api-key"], envVars: [`${word.toUpperCase()}_API_KEY`] }] },
    }),
    register: ({ id, type }) => `api.registerProvider({
      id: "${id}",
      label: "${id}",
      auth: [],
      catalog: {
        run: () => ({
          provider: {
            api: "openai-completions",
            baseUrl: "https://api.example.org/v1",
            models: [{ id: "small", name: "Small", contextWindow: 32_000, input: ["text"${type(" as const")}] }],
          },
        }),
      },
    });`,
    contributes: ({ id }) => ({ provider: [id] }),
    test: () => `const { provider } = await calls.registerProvider[0][0].catalog.run({});
  assert.equal(provider.models[0].id, "small");`,
  },
  {
    shape: "search",
    summary: "a web search the agent may use",
    manifest: ({ id }) => ({
      contracts: { webSearchProviders: [id] },
      configSchema: {
        type: "object",
        additionalProperties: false,
        properties: { key: { type: "string", description: "Key of the search service" } },
      },
    }),
    register: (parts) => `api.registerWebSearchProvider({
      id: "${parts.id}",
      ${WEB_FIELDS(parts)}
      createTool: () => ({
        description: "Searches a list",
        parameters: { type: "object", properties: { query: { type: "string" } } },
        execute: async () => ({ results: [{ title: "Example", url: "https://example.org/" }] }),
      }),
    });`,
    contributes: ({ id }) => ({ webSearchProvider: [id] }),
    test: () => `const tool = calls.registerWebSearchProvider[0][0].createTool({});
  const { results } = await tool.execute({ query: "example" });
  assert.equal(results.length, 1);`,
  },
  {
    shape: "speech",
    summary: "text to speech",
    manifest: ({ id }) => ({ contracts: { speechProviders: [id] } }),
    register: ({ id }) => `api.registerSpeechProvider({
      id: "${id}",
      label: "${id}",
      isConfigured: () => true,
      // Answer with the audio of the text; this one is silence.
      synthesize: async () => ({
        audioBuffer: Buffer.alloc(16),
        outputFormat: "wav",
        fileExtension: ".wav",
        voiceCompatible: false,
      }),
    });`,
    contributes: ({ id }) => ({ speechProvider: [id] }),
    test: () => `const { audioBuffer } = await calls.registerSpeechProvider[0][0].synthesize({ text: "hello" });
  assert.equal(audioBuffer.length, 16);`,
  },
  {
    shape: "memory",
    summary: "the exclusive memory of the gateway",
    manifest: () => ({ kind: "memory" }),
    register: () => `api.registerMemoryCapability({
      promptBuilder: () => ["Nothing is remembered yet."],
    });`,
    contributes: ({ id }) => ({ memoryCapability: [id] }),
    test: () => `const lines = calls.registerMemoryCapability[0][0].promptBuilder({});
  assert.equal(lines.length, 1);`,
  },
  {
    shape: "tools",
    summary: "tools from a list, which the manifest is written from",
    defines: "tools",
    manifest: ({ word }) => ({
      activation: { onStartup: true },
      contracts: { tools: [`${word}_count`] },
    }),
    register: ({ word }) => `tool({
      name: "${word}_count",
      description: "Counts the words of a text",
      parameters: {
        type: "object",
        properties: { text: { type: "string" } },
        required: ["text"],
        additionalProperties: false,
      },
      execute: ({ text }) => \`\${text.split(/\\s+/).filter(Boolean).length} words\`,
    }),`,
    contributes: ({ word }) => ({ tool: [`${word}_count`] }),
    test: () => `const { content } = await calls.registerTool[0][0].execute("call-1", { text: "one two three" });
  assert.equal(content[0].text, "3 words");`,
  },
];

export function shapeNamed(name: string): PluginShapeTemplate | undefined {
  return SHAPES.find(({ shape }) => shape === name);
}
