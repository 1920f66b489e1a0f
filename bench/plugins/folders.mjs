// Plugin folders that a benchmark makes up.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder for plugins; gone after `dispose`. */
export async function pluginFolders() {
  const root = await mkdtemp(join(tmpdir(), "sluice-bench-plugins-"));
  return { root, dispose: () => rm(root, { recursive: true, force: true }) };
}

/** Writes `files` by relative path, with a manifest that starts with the gateway unless one is given. */
export async function writePlugin(root, id, files, manifest = {}) {
  const folder = join(root, id);
  const all = {
    "openclaw.plugin.json": JSON.stringify({
      id,
      configSchema: { type: "object", additionalProperties: true },
      activation: { onStartup: true },
      ...manifest,
    }),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** A small plugin as people write them: a tool, a command, a hook and a gateway method. */
export function ordinaryPlugin(id) {
  return {
    files: {
      "package.json": JSON.stringify({
        name: `bench-${id}`,
        version: "1.0.0",
        type: "module",
        openclaw: { extensions: ["./index.js"] },
      }),
      "index.js": `import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
import { answer } from "./answer.js";
export default definePluginEntry({
  id: "${id}",
  name: "${id}",
  description: "Made up",
  register(api) {
    api.registerTool({
      name: "${id}_look",
      description: "Looks something up",
      parameters: { type: "object", properties: { word: { type: "string" } }, required: ["word"] },
      execute: async (_id, { word }) => ({ content: [{ type: "text", text: answer(word) }] }),
    });
    api.registerCommand({ name: "${id}", description: "Answers", handler: () => ({ text: answer("") }) });
    api.registerGatewayMethod("${id}.answer", async () => ({ text: answer("") }), { scope: "operator.read" });
    api.on("message_received", async () => {});
  },
});
`,
      "answer.js": "export const answer = (word) => `about $" + "{word}`;\n",
    },
    manifest: { contracts: { tools: [`${id}_look`] } },
  };
}

/** Configuration that enables every one of these folders by hand. */
export function enabling(folders) {
  const ids = Object.keys(folders);
  return {
    plugins: {
      load: { paths: Object.values(folders) },
      entries: Object.fromEntries(ids.map((id) => [id, { enabled: true }])),
    },
  };
}
