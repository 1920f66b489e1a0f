import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SluiceError } from "../../kernel/errors.ts";
import { type PluginShapeTemplate, SHAPES, type ShapeParts, shapeNamed } from "./shapes.ts";
import { TRIALS } from "./trials.ts";
import { linkTypes, TYPES_LINK } from "./types-link.ts";

export type AuthoringErrorCode =
  | "SHAPE_UNKNOWN"
  | "PLUGIN_ID_INVALID"
  | "FOLDER_NOT_EMPTY"
  | "FOLDER_UNKNOWN"
  | "ENTRY_UNKNOWN"
  | "NOT_A_TOOL_PLUGIN"
  | "MANIFEST_STALE"
  | "CHECKS_FAILED";

export interface CreateRequest {
  /** The folder to make; absent or empty. */
  readonly folder: string;
  /** One of {@link SHAPES}. */
  readonly shape: string;
  readonly language: "typescript" | "javascript";
  /** Default: the folder's name. */
  readonly id?: string;
}

export interface CreatedPlugin {
  readonly id: string;
  readonly shape: string;
  readonly folder: string;
  /** Relative to the folder, in the order they are best read. */
  readonly files: readonly string[];
  /** False for TypeScript while this host has no declarations for the editor. */
  readonly types: boolean;
}

const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_ID_LENGTH = 64;

/**
 * Writes a plugin that works as it is: manifest, entry, a test and a README. Nothing is fetched and nothing
 * existing is written over.
 *
 * @throws SluiceError with an {@link AuthoringErrorCode}
 */
export async function createPlugin(request: CreateRequest): Promise<CreatedPlugin> {
  const folder = resolve(request.folder);
  const template = shapeNamed(request.shape);
  if (!template) {
    const known = SHAPES.map(({ shape }) => shape).join(", ");
    throw authoringError("SHAPE_UNKNOWN", `there is no shape "${request.shape}"; choose one of ${known}`);
  }
  const id = request.id ?? basename(folder).toLowerCase();
  if (!ID.test(id) || id.length > MAX_ID_LENGTH) {
    throw authoringError(
      "PLUGIN_ID_INVALID",
      `"${id}" is no plugin id: lower-case letters, digits and single hyphens, beginning with a letter; choose one with --id`,
    );
  }
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw authoringError("FOLDER_NOT_EMPTY", `${folder} is not empty; choose another folder`);
  }
  const files = filesOf(template, id, request.language);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: "wx" });
  }
  const types = request.language === "javascript" || (await linkTypes(folder)).present;
  return { id, shape: template.shape, folder, files: Object.keys(files), types };
}

function filesOf(
  template: PluginShapeTemplate,
  id: string,
  language: CreateRequest["language"],
): Readonly<Record<string, string>> {
  const typed = language === "typescript";
  const entry = typed ? "index.ts" : "index.js";
  const parts: ShapeParts = {
    id,
    word: id.replaceAll("-", "_"),
    type: (annotation) => (typed ? annotation : ""),
  };
  return {
    "openclaw.plugin.json": json({
      id,
      name: titleOf(id),
      description: `An example of ${template.summary}`,
      version: "0.1.0",
      configSchema: { type: "object", additionalProperties: false, properties: {} },
      ...template.manifest(parts),
    }),
    [entry]: entryText(template, parts),
    "test/plugin.test.mjs": testText(template, parts, entry),
    "package.json": json({
      name: id,
      version: "0.1.0",
      description: `An example of ${template.summary}`,
      type: "module",
      files: [entry, "openclaw.plugin.json", "README.md"],
      scripts: { test: "sluice plugins test .", ...(typed ? { typecheck: "tsc --noEmit" } : {}) },
      // The host provides itself; optional, so that npm does not fetch one for the author.
      peerDependencies: { openclaw: "*" },
      peerDependenciesMeta: { openclaw: { optional: true } },
      ...(typed ? { devDependencies: TYPED_WITH } : {}),
      openclaw: { extensions: [`./${entry}`] },
    }),
    "README.md": readmeText(template, parts, entry),
    ".gitignore": `node_modules/\n*.tgz\n${typed ? ".sluice/\n" : ""}`,
    ...(typed ? { "tsconfig.json": TSCONFIG } : {}),
  };
}

function entryText(template: PluginShapeTemplate, parts: ShapeParts): string {
  if (template.defines === "tools") {
    return `import { defineToolPlugin } from "openclaw/plugin-sdk/tool-plugin";

export default defineToolPlugin({
  id: "${parts.id}",
  name: "${titleOf(parts.id)}",
  description: "An example of ${template.summary}",
  // After a change of this list: sluice plugins build
  tools: (tool) => [
    ${template.register(parts)}
  ],
});
`;
  }
  const before = template.before ? `${template.before(parts)}\n\n` : "";
  return `import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";

${before}export default definePluginEntry({
  id: "${parts.id}",
  name: "${titleOf(parts.id)}",
  description: "An example of ${template.summary}",
  // Only stores what it is given: no waiting, no sockets, no timers here.
  register(api) {
    ${template.register(parts)}
  },
});
`;
}

function testText(template: PluginShapeTemplate, parts: ShapeParts, entry: string): string {
  return `import assert from "node:assert/strict";
import { test } from "node:test";
import plugin from "../${entry}";

/** An api that keeps what register() hands over: \`calls.registerTool\` lists the arguments of every call. */
function recording() {
  const calls = {};
  const known = { logger: { debug() {}, info() {}, warn() {}, error() {} }, pluginConfig: {} };
  const api = new Proxy(known, {
    get: (target, name) =>
      target[name] ??
      ((...args) => {
        calls[name] = [...(calls[name] ?? []), args];
      }),
  });
  return { api, calls };
}

test("${parts.id} does what it says", async () => {
  const { api, calls } = recording();
  plugin.register(api);
  ${template.test(parts)}
});
`;
}

function readmeText(template: PluginShapeTemplate, parts: ShapeParts, entry: string): string {
  const { summary, defines } = template;
  const { id } = parts;
  return `# ${titleOf(id)}

An example of ${summary}.

| File | What it is |
|---|---|
| \`openclaw.plugin.json\` | what the gateway knows before any code runs |
| \`${entry}\` | the entry: ${defines === "tools" ? "the list of tools" : "`register(api)` hands everything over"} |
| \`test/plugin.test.mjs\` | your own tests, run by \`sluice plugins test\` |

\`\`\`
${defines === "tools" ? "sluice plugins build .            # writes the manifest from the list\n" : ""}sluice plugins test .             # the contract and your tests, offline
sluice plugins install . --link   # use it where it is; reload after a change
sluice plugins reload ${id}
npm pack                          # a .tgz that sluice plugins install takes
\`\`\`
${tryItText(TRIALS.get(template.shape)?.(parts) ?? [])}${entry.endsWith(".ts") ? TYPES_README : ""}`;
}

function tryItText(commands: readonly string[]): string {
  if (commands.length === 0) return "";
  return `
In a running gateway (\`sluice gateway run\`), once it is installed:

\`\`\`
${commands.join("\n")}
\`\`\`
`;
}

/** What a typed plugin needs besides the SDK; its own compiler and the names of Node. */
const TYPED_WITH = { "@types/node": "^20.19.0", typescript: ">=5.9.0" };

const TYPES_README = `
Types of the SDK in your editor: \`npm install\`, and on another machine \`sluice plugins types .\`, which writes
\`${TYPES_LINK}\`. \`npm run typecheck\` checks the plugin.
`;

const TSCONFIG = json({
  extends: `./${TYPES_LINK}`,
  compilerOptions: {
    target: "es2022",
    module: "nodenext",
    moduleResolution: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  include: ["*.ts"],
});

function titleOf(id: string): string {
  return id
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(" ");
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function authoringError(code: AuthoringErrorCode, message: string): SluiceError<AuthoringErrorCode> {
  return new SluiceError(code, message);
}
