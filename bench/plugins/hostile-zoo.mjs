// Plugins that do what a plugin must not. None of them may cost the gateway more than itself.
const entry = (id, body, before = "") =>
  `${before}\nexport default { id: ${JSON.stringify(id)}, register(api) { ${body} } };\n`;

const TOOL = (name) => `{ name: ${name}, description: "d", parameters: {}, execute: async () => ({}) }`;

/** Source and manifest by id. */
export const ZOO = {
  "throws-at-import": { code: 'throw new Error("at import");' },
  "never-imports": { code: "await new Promise(() => {});" },
  "throws-in-register": { code: entry("throws-in-register", 'throw new Error("in register");') },
  "throws-in-hook": {
    code: entry("throws-in-hook", 'api.on("gateway_start", () => { throw new Error("in a hook"); });'),
  },
  "throws-later": {
    code: entry(
      "throws-later",
      'const timer = setInterval(() => { throw new Error("later"); }, 20); api.lifecycle.onDispose(() => clearInterval(timer));',
    ),
  },
  "rejects-later": {
    code: entry(
      "rejects-later",
      'const timer = setInterval(() => Promise.reject(new Error("later")), 20); api.lifecycle.onDispose(() => clearInterval(timer));',
    ),
  },
  "service-never-starts": {
    code: entry(
      "service-never-starts",
      'api.registerService({ id: "never", start: () => new Promise(() => {}), stop() {} });',
    ),
  },
  "many-tools": {
    code: entry("many-tools", `for (let i = 0; i < 10_000; i++) api.registerTool(${TOOL('"many_" + i')});`),
    manifest: { contracts: { tools: Array.from({ length: 10_000 }, (_, index) => `many_${index}`) } },
  },
  "takes-names": {
    code: entry(
      "takes-names",
      'api.registerGatewayMethod("health", () => ({})); api.registerCommand({ name: "help", description: "d", handler: () => ({}) });',
    ),
  },
  "cyclic-schema": {
    code: entry("cyclic-schema", ""),
    manifest: {
      configSchema: {
        $ref: "#/definitions/node",
        definitions: { node: { type: "object", properties: { next: { $ref: "#/definitions/node" } } } },
      },
    },
  },
  "prototype-keys": {
    code: entry("prototype-keys", ""),
    text: '{"id":"prototype-keys","configSchema":{"type":"object"},"activation":{"onStartup":true},"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  },
  "huge-manifest": { code: entry("huge-manifest", ""), manifest: { filler: "x".repeat(300_000) } },
  "deep-manifest": {
    code: entry("deep-manifest", ""),
    text: `{"id":"deep-manifest","configSchema":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
  },
  "long-json5": {
    code: entry("long-json5", ""),
    text: `// not plain JSON\n{ id: 'long-json5', configSchema: {}, filler: [${"{},".repeat(80_000)}] }`,
  },
  "odd-names": {
    code: entry(
      "odd-names",
      `for (let i = 0; i < 500; i++) api.registerTool(${TOOL('"odd\\u001b[2J" + i')});`,
    ),
  },
  pollutes: {
    code: entry(
      "pollutes",
      'Object.prototype.polluted = true; console.log = () => {}; process.chdir("/"); process.removeAllListeners("uncaughtException");',
    ),
  },
  talkative: { code: entry("talkative", 'throw new Error("x".repeat(5_000_000));') },
  escaping: {
    code: entry("escaping", ""),
    package: {
      name: "escaping",
      version: "1.0.0",
      type: "module",
      openclaw: { extensions: ["../../outside.js"] },
    },
  },
};
