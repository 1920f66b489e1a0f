import type { PluginFiles } from "./plugin-bench.ts";

/**
 * What of a plugin's code changes on disk. `broken` fails at import, `unreadable` cannot even be parsed, and the
 * import of `slow` goes on while {@link GATES} are shut.
 */
export type Code = "one" | "two" | "slow" | "broken" | "unreadable";

export interface Member {
  readonly id: string;
  readonly place: "bundled" | "global" | "extra";
  /** A folder's name, where it is not the id. */
  readonly folder?: string;
  readonly files: (code: Code) => PluginFiles;
}

/** Services that run now, by plugin and id, with how often; every host in the process counts. */
export const RUNNING = Symbol.for("fleet.running");

/** Lets slow imports end: a list of those that wait, or nothing while none has to. */
export const GATES = Symbol.for("fleet.gates");

const WAIT = `await new Promise((go) => globalThis[Symbol.for("fleet.gates")]?.push(go) ?? go());`;

const COUNT = `const running = globalThis[Symbol.for("fleet.running")] ?? new Map();
  const count = (key, by) => running.set(key, (running.get(key) ?? 0) + by);`;

function entry(id: string, code: Code, body: string, isBundled: boolean): string {
  if (code === "broken") return `throw new Error("${id} is broken");`;
  if (code === "unreadable") return `export default { id: "${id}", register( {`;
  // What came along is not read again when it is switched off and on: it would wait at a gate of before.
  return `${code === "slow" && !isBundled ? WAIT : ""} ${COUNT} let loads = 0; const CODE = "${code}";
    const command = (name, text = name) => ({ name, description: text, handler: () => ({ text: text + CODE }) });
    export default { id: "${id}", register(api) {
      // A module that is run again without being read again would tell. What comes along is read once.
      api.registerCommand(command("${id}-" + CODE + "-" + (${isBundled} ? 0 : ++loads)));
      ${body}
    } };`;
}

function member(
  id: string,
  body: string,
  {
    place = "global",
    manifest = {},
    files = {},
    package: metadata,
  }: Partial<PluginFiles> & { place?: Member["place"] } = {},
): Member {
  return {
    id,
    place,
    files: (code) => ({
      manifest: manifest as Record<string, unknown>,
      ...(metadata ? { package: metadata } : {}),
      files: { "index.mjs": entry(id, code, body, place === "bundled"), ...files },
    }),
  };
}

const service = (id: string, name: string, more = "") => `api.registerService({ id: "${name}", ${more}
  start: () => count("${id} ${name}", 1), stop: () => count("${id} ${name}", -1) });`;

const SETTINGS = {
  type: "object",
  additionalProperties: false,
  properties: { mode: { type: "string", default: "plain" }, priority: { type: "number" } },
};

const CHAT = `{ id: "chat", capabilities: { chatTypes: ["direct"] },
  config: { listAccountIds: () => [], resolveAccount: () => ({}) } }`;
const CHAT_SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: { enabled: { type: "boolean" }, token: { type: "string" } },
};

const hooks = (id: string) =>
  member(
    id,
    `const { priority = 0 } = api.pluginConfig;
     for (const [name, at] of [["first", priority], ["second", 5], ["third", -priority]])
       api.on("before_prompt_build", () => ({ prependContext: "${id}/" + name }), { priority: at });
     api.on("tool_result_persist", ({ message }) => ({ message: message + " ${id}" }), { priority });
     api.registerHook("command:new", ({ messages }) => void messages.push("${id}"), { name: "${id}-new" });
     api.registerTrustedToolPolicy({ id: "policy", description: "d", evaluate() {} });
     api.registerAgentToolResultMiddleware(() => {}, { runtimes: ["pi"] });`,
    {
      manifest: {
        configSchema: SETTINGS,
        contracts: { trustedToolPolicies: ["policy"], agentToolResultMiddleware: ["pi"] },
      },
    },
  );

const wide = (id: string) =>
  member(
    id,
    `api.registerHttpRoute({ path: "/shared", auth: "gateway", handler() {} });
     api.registerHttpRoute({ path: "/${id}", auth: "plugin", match: "prefix", handler() {} });
     api.registerHttpRoute({ path: "/wide-b/inner", auth: "gateway", handler() {} });
     api.registerGatewayMethod("shared.get", () => 1, { scope: "operator.read" });
     api.registerGatewayMethod("${id}.get", () => 1, { scope: "operator.write" });
     for (const name of ["shared_tool", "${id}_tool".replace("-", "_")])
       api.registerTool({ name, description: "d", parameters: {}, async execute() {} }, { optional: name === "shared_tool" });
     api.registerCommand(command("shared"));
     api.registerCli(() => {}, { descriptors: [{ name: "shared", description: "d", hasSubcommands: false }] });
     api.registerCli(() => {}, { descriptors: [{ name: "${id}", description: "d", hasSubcommands: true }] });
     api.session.state.registerSessionExtension({ namespace: "notes", description: "d" });
     api.session.controls.registerControlUiDescriptor({ id: "panel", surface: "session", label: "l" });
     api.registerProvider({ id: "shared-model", label: "Shared", auth: [] });
     api.registerProvider({ id: "${id}-model", label: "${id}", auth: [] });
     ${service(id, "shared-worker")} ${service(id, `${id}-worker`, 'reload: { configPrefixes: ["feed.step"] },')}`,
    {
      manifest: {
        configSchema: SETTINGS,
        contracts: { tools: ["shared_tool", `${id.replace("-", "_")}_tool`] },
        providers: ["shared-model", `${id}-model`],
      },
    },
  );

const memory = (id: string) =>
  member(
    id,
    `api.registerMemoryPromptSection(() => ["${id}"]);
     api.registerMemoryCapability({ promptBuilder: () => ["${id}"] });
     api.registerMemoryFlushPlan(() => ({ model: "m" }));
     api.registerMemoryCorpusSupplement({ search: () => [], get: () => null });
     api.registerEmbeddingProvider({ id: "vectors", create() {} });
     ${service(id, "index")}`,
    { manifest: { kind: "memory", configSchema: SETTINGS, contracts: { embeddingProviders: ["vectors"] } } },
  );

const engine = (id: string) =>
  member(
    id,
    `api.registerContextEngine("${id}", () => ({}));
     api.registerContextEngine("spare", () => ({}));
     api.registerMemoryPromptSupplement(() => ["${id}"]);`,
    { manifest: { kind: "context-engine", configSchema: SETTINGS } },
  );

const chat = (id: string) =>
  member(
    id,
    `api.registerChannel(${CHAT});
     api.registerTool({ name: "${id}_send".replace("-", "_"), description: "d", parameters: {}, async execute() {} });
     api.registerInteractiveHandler({ channel: "chat", namespace: "${id}", handler() {} });
     // Like published channels, which have tools only for accounts that are set up.
     if (api.config.channels?.chat?.enabled) api.registerCommand(command("${id}-account"));`,
    {
      manifest: {
        channels: ["chat"],
        channelConfigs: { chat: { schema: CHAT_SCHEMA } },
        contracts: { tools: [`${id.replace("-", "_")}_send`] },
      },
      package: {
        name: id,
        version: "1.0.0",
        openclaw: { extensions: ["./index.mjs"], setupEntry: "./setup.mjs" },
      },
      files: { "setup.mjs": `export default { plugin: ${CHAT} };` },
    },
  );

/** Plugins of every interesting kind; several want the same names, slots and ids. */
export const FLEET: readonly Member[] = [
  member("aboard", `${service("aboard", "tick")} api.registerCommand(command("shared"));`, {
    place: "bundled",
    manifest: { enabledByDefault: true },
  }),
  member("ashore", `api.registerCommand(command("ashore-only"));`, { place: "bundled" }),
  chat("chat-a"),
  chat("chat-b"),
  {
    id: "common",
    place: "global",
    files: (code) => ({
      package: {
        name: "common",
        version: code === "two" ? "2.0.0" : "1.0.0",
        main: "index.cjs",
        openclaw: { extensions: ["./index.cjs"] },
      },
      files: {
        "index.cjs":
          code === "broken" || code === "unreadable"
            ? `module.exports = require("./nowhere.cjs");`
            : `const { word } = require("./word.cjs"); let loads = 0;
               module.exports = { id: "common", register(api) {
                 api.registerCommand({ name: "common-" + word + "-" + ++loads, description: "d", handler() {} }); } };`,
        "word.cjs": `exports.word = "${code}";`,
      },
    }),
  },
  engine("engine-a"),
  engine("engine-b"),
  // Fails depending on its settings, after it registered half of what it wants to.
  member(
    "fickle",
    `${service("fickle", "half")} api.registerHttpRoute({ path: "/fickle", auth: "gateway", handler() {} });
     api.lifecycle.onDispose(() => count("fickle disposed", 0));
     if (api.pluginConfig.mode === "fail") throw new Error("not with these settings");
     api.registerReload({ hotPrefixes: ["feed.step"] });
     if (api.config.feed?.step === 3) throw new Error("not with this feed");
     if (api.pluginConfig.mode === "tool") api.registerTool({ name: "undeclared", description: "d", parameters: {}, async execute() {} });`,
    { manifest: { configSchema: SETTINGS } },
  ),
  {
    id: "helped",
    place: "global",
    files: (code) => ({
      files: {
        "index.mjs": `${code === "slow" ? WAIT : ""} import { word } from "./parts/word.mjs"; let loads = 0;
          export default { id: "helped", version: word, register(api) {
            api.registerCommand({ name: "helped-" + word + "-" + ++loads, description: "d", handler() {} }); } };`,
        "parts/word.mjs":
          code === "broken" || code === "unreadable"
            ? `export const words = "renamed";`
            : `export const word = "${code}";`,
      },
    }),
  },
  hooks("hooks-a"),
  hooks("hooks-b"),
  member(
    "lazy",
    `api.registerCommand(command("lazy-only")); api.registerReload({ hotPrefixes: ["feed.url"] });`,
    {
      manifest: { activation: { onStartup: false, onConfigPaths: ["feed.url"] } },
    },
  ),
  memory("memory-a"),
  memory("memory-b"),
  member(
    "needs",
    `api.registerSpeechProvider({ id: "voice", label: "l", isConfigured: () => true, async synthesize() {} });
     api.lifecycle.registerRuntimeLifecycle({ id: "main", cleanup() {} });
     api.agent.events.registerAgentEventSubscription({ id: "watch", handle() {} });`,
    {
      manifest: { requiresPlugins: ["wide-a", "visitor"] },
    },
  ),
  member("twin", `api.registerCommand(command("twin-global"));`),
  wide("wide-a"),
  wide("wide-b"),
  // Found below a configured path only: the same ids as elsewhere, a case collision, and a newcomer.
  { ...member("twin", `api.registerCommand(command("twin-extra"));`, { place: "extra" }), folder: "twin" },
  { ...member("Hooks-A", `api.registerCommand(command("loud"));`, { place: "extra" }), folder: "loud" },
  {
    ...member("visitor", `api.registerCommand(command("shared")); ${service("visitor", "tick")}`, {
      place: "extra",
    }),
    folder: "visitor",
  },
];
