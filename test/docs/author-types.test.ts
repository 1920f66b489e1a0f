import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPlugin, SHAPES } from "../../src/plugins/authoring/index.ts";
import { KINDS } from "../../src/plugins/registry/kinds.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../..");
const COMPILER_LIMIT_MS = 30_000;

/** Compiles a folder as an author's editor would, against the sources that the declarations are made from. */
async function complaintsOf(folder: string): Promise<string> {
  const sdk = join(root, "src/plugin-sdk");
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2023", "dom"],
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: { "openclaw/plugin-sdk/*": [join(sdk, "*.ts")] },
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  return new Promise((resolve, reject) => {
    const compiler = join(root, "node_modules/typescript7/bin/tsc");
    const child = spawn(process.execPath, [compiler, "-p", folder], { timeout: COMPILER_LIMIT_MS });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    child.once("error", reject);
    child.once("close", () => resolve(said.replaceAll(folder, "")));
  });
}

describe("what an author's editor says", () => {
  it("[F261] nothing, about any plugin as it was created", async () => {
    const folder = await temporaryFolder("sluice-author-types-");
    for (const { shape } of SHAPES) {
      await createPlugin({ folder: join(folder, shape), shape, id: `my-${shape}`, language: "typescript" });
    }
    expect(await complaintsOf(folder)).toBe("");
  });

  it("types what handlers are given, and refuses wrong use", async () => {
    const folder = await temporaryFolder("sluice-author-types-");
    await writeFile(
      join(folder, "entry.ts"),
      `import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
export default definePluginEntry({
  id: "typed", name: "Typed", description: "Typed",
  register(api) {
    api.on("message_received", ({ from, content }) => api.logger.info(from.trim() + content.trim()));
    api.on("before_tool_call", ({ toolName }) => ({ block: toolName === "rm", blockReason: "no" }));
    api.registerCommand({ name: "a", description: "b", handler: ({ args }) => ({ text: args?.trim() ?? "" }) });
    api.registerTool({ name: "t", description: "d", parameters: {}, execute: async () => ({ content: [] }) });
    // @ts-expect-error no such hook
    api.on("mesage_received", () => {});
    // @ts-expect-error not a decision
    api.on("before_tool_call", () => ({ block: "yes" }));
    // @ts-expect-error a route says who may call it
    api.registerHttpRoute({ path: "/x", handler() {} });
    // @ts-expect-error a tool does something
    api.registerTool({ name: "t", description: "d", parameters: {} });
    // @ts-expect-error no such scope
    api.registerGatewayMethod("typed.x", () => ({}), { scope: "operator.everything" });
    // @ts-expect-error a service starts something
    api.registerService({ id: "s" });
    // @ts-expect-error no such method
    api.registerNothing({});
  },
});
// @ts-expect-error an entry has an id
definePluginEntry({ name: "x", description: "x", register() {} });
`,
    );
    await writeFile(
      join(folder, "tools.ts"),
      `import { defineToolPlugin } from "openclaw/plugin-sdk/tool-plugin";
export default defineToolPlugin({ id: "dice", name: "Dice", description: "Dice", tools: (tool) => [
  tool({
    name: "roll", description: "Rolls",
    parameters: {
      type: "object",
      properties: {
        sides: { type: "integer" },
        kind: { enum: ["fair", "loaded"] },
        names: { type: "array", items: { type: "string" } },
        deep: { type: "object", properties: { on: { type: "boolean" } } },
      },
      required: ["kind"],
    },
    execute: (params, config, { toolCallId, signal }) => {
      const kind: "fair" | "loaded" = params.kind;
      const sides: number | undefined = params.sides;
      const names: string[] | undefined = params.names;
      const on: boolean | undefined = params.deep?.on;
      // @ts-expect-error it may be absent
      const sure: number = params.sides;
      return [kind, sides, names, on, sure, config["x"], toolCallId.trim(), signal?.aborted];
    },
  }),
  tool({
    name: "annotated", description: "Annotated",
    parameters: { type: "object", properties: { sides: { type: "integer" } } },
    execute: ({ sides = 6 }: { sides?: number }) => sides,
  }),
  tool({
    name: "wrong", description: "Misspelt",
    parameters: { type: "object", properties: { sides: { type: "integer" } } },
    // @ts-expect-error there is no "side"
    execute: ({ side }) => side,
  }),
  tool({ name: "made", description: "Made", factory: ({ toolContext }) => toolContext.agentId ? [] : null }),
  // @ts-expect-error a tool is described
  tool({ name: "bare", parameters: {}, execute: () => 1 }),
] });
`,
    );
    expect(await complaintsOf(folder)).toBe("");
  });

  it("explains every member of the api object, and says of which nothing is made yet", async () => {
    const contracts = join(root, "src/contracts");
    const parts = await readdir(join(contracts, "plugin-api"));
    const files = [
      join(contracts, "plugin-api.ts"),
      ...parts.map((name) => join(contracts, "plugin-api", name)),
    ];
    const sources = await Promise.all(files.map((file) => readFile(file, "utf8")));
    const lines = sources
      .join("\n")
      .replace(/^export interface PluginDefinition [\s\S]*?^}$/m, "")
      .split("\n");
    const members = lines.flatMap((line, index) => {
      const name = /^ {2}(?:readonly )?(\w+)\??[(<:]/.exec(line)?.[1];
      if (!name || ["version", "description", "runtimeSource"].includes(name)) return [];
      const before = lines.slice(0, index);
      const start = before.findLastIndex((earlier) => earlier.trim().startsWith("/**"));
      const documented = before.at(-1)?.trim().endsWith("*/");
      return [{ name, text: documented ? before.slice(start).join(" ") : "" }];
    });
    expect(members.filter(({ text: said }) => said === "").map(({ name }) => name)).toEqual([]);
    expect(members.map(({ name }) => name)).toEqual(
      expect.arrayContaining(KINDS.map(({ method }) => method)),
    );
    const unused = new Set(KINDS.filter(({ unconsumed }) => unconsumed).map(({ method }) => method));
    const contractOf = new Map(KINDS.map(({ method, contract }) => [method, contract?.key]));
    for (const { name, text: said } of members) {
      if (!name.startsWith("register")) continue;
      expect(said.includes("not used yet"), name).toBe(unused.has(name));
      const demanded = /must be in\s+(?:\*\s+)?`contracts\.(\w+)`/.exec(said)?.[1];
      if (demanded !== undefined) expect(demanded, name).toBe(contractOf.get(name));
    }
  });
});
