import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MAX_CLAUSE_LENGTH,
  MAX_IMPORTED_NAMES,
  MAX_MENTIONS,
  sdkImports,
} from "../../src/plugins/loading/sdk-imports.ts";
import { MAX_LINKED_FILE_BYTES } from "../../src/plugins/loading/sdk-links.ts";
import { type PluginFiles, pluginBench } from "./support/plugin-bench.ts";

const ENABLED = { plugins: { entries: { a: { enabled: true } } } };

/** Loads plugin `a`; `said` is what its registered commands say of themselves. */
async function loaded(files: Record<string, string>, packageJson: PluginFiles["package"] = {}) {
  const bench = await pluginBench(ENABLED);
  await bench.write("global", "a", {
    files,
    package: { name: "a", type: "module", openclaw: { extensions: ["./index.js"] }, ...packageJson },
  });
  await bench.host.start();
  const inspection = await bench.host.inspect("a");
  const said = bench.host.registry
    .current()
    .list("command")
    .map(({ value }) => (value as { description: string }).description);
  return { ...bench, inspection, error: inspection?.plugin.error, said };
}

/** Source of an `attempt(work)` that gives the code of what `work` threw. */
const ATTEMPT = `const attempt = (work) => { try { return work(); } catch (error) { return error.code + " " + (error.details ? error.details.subpath + "#" + error.details.name : error.seam); } };`;
const say = (what: string) =>
  `register(api) { api.registerCommand({ name: "said", description: String(${what}), handler() {} }); }`;

describe("SDK names that no inventory knows", () => {
  it("[F001] link, throw a named error when they are used, and leave the subpath's own exports what they are", async () => {
    const { error, said, inspection } = await loaded({
      "index.js": `import { DEFAULT_ACCOUNT_ID, normalizeAccountId, ofTomorrow as later } from "openclaw/plugin-sdk/account-id";
import { normalizeAccountId as same } from "./part.js";
${ATTEMPT}
export default { id: "a", ${say(`[DEFAULT_ACCOUNT_ID, same === normalizeAccountId, typeof later, attempt(() => later())]`)} };`,
      "part.js": `export { normalizeAccountId } from "sluice/plugin-sdk/account-id";`,
    });
    expect(error).toBeUndefined();
    expect(said).toEqual(["default,true,function,SDK_NAME_MISSING account-id#ofTomorrow"]);
    expect(inspection?.missingSdkNames).toEqual(["account-id#ofTomorrow"]);
    expect(inspection?.unknownSdkNames).toEqual(["account-id#ofTomorrow"]);
  });

  it("[F001] link from whole subpaths that do not exist, whichever way they are imported", async () => {
    const { error, said, inspection } = await loaded({
      "index.js": `import whole, { one, delete as two } from "openclaw/plugin-sdk/of-tomorrow";
import * as all from "OmeniaClaw/plugin-sdk/of-tomorrow";
import "openclaw/plugin-sdk/of-next-year";
export { three } from "openclaw/plugin-sdk/of-tomorrow";
${ATTEMPT}
export default { id: "a", ${say(`[attempt(() => whole()), attempt(() => new one()), attempt(() => two.member), all.unheardOf].join()`)} };`,
    });
    expect(error).toBeUndefined();
    expect(said).toEqual([
      "SDK_NAME_MISSING of-tomorrow#default,SDK_NAME_MISSING of-tomorrow#one,SDK_NAME_MISSING of-tomorrow#delete,",
    ]);
    expect(inspection?.unknownSdkNames).toEqual([
      "of-next-year",
      "of-tomorrow#default",
      "of-tomorrow#delete",
      "of-tomorrow#one",
      "of-tomorrow#three",
    ]);
  });

  it("[F001] come from the subpath that has them, when they have moved", async () => {
    const source = (imports: string) =>
      `${imports} ${ATTEMPT}
const made = { id: "a", ${say(`[typeof normalizeAccountId("X"), normalizeAccountId === home, attempt(() => pathExists("x"))].join()`)} };`;
    const names = `{ normalizeAccountId, pathExists }`;
    const expected = ["string,true,SDK_NAME_MISSING of-yesterday#pathExists"];
    const modern = await loaded({
      "index.js": `${source(`import ${names} from "openclaw/plugin-sdk/of-yesterday"; import { normalizeAccountId as home } from "openclaw/plugin-sdk/account-id";`)} export default made;`,
    });
    expect(modern.error).toBeUndefined();
    expect(modern.said).toEqual(expected);
    // "pathExists" means different things in different subpaths: nobody can tell which one is meant.
    expect(modern.inspection?.missingSdkNames).toEqual(["of-yesterday#pathExists"]);
    const common = await loaded(
      {
        "index.js": `${source(`const ${names} = require("openclaw/plugin-sdk/of-yesterday"); const { normalizeAccountId: home } = require("openclaw/plugin-sdk/account-id");`)} module.exports = made;`,
      },
      { type: "commonjs" },
    );
    expect(common.error).toBeUndefined();
    expect(common.said).toEqual(expected);
  });

  it("[F001] link in files that are loaded long after the entry", async () => {
    const { registry } = (
      await loaded({
        "index.js": `export default { id: "a", register(api) {
  api.registerCommand({ name: "later", description: "d", handler: async () => (await import("./later.js")).run() });
} };`,
        "later.js": `import { ofTomorrow } from "openclaw/plugin-sdk/core";
export function run() { try { ofTomorrow(); } catch (error) { return { text: error.code }; } }`,
      })
    ).host;
    const [command] = registry.current().list("command");
    const later = command?.value as { handler(): Promise<{ text: string }> } | undefined;
    expect(await later?.handler()).toEqual({ text: "SDK_NAME_MISSING" });
  });

  it("[F001] link in the parts that a channel entry loads inside register()", async () => {
    const bench = await pluginBench(ENABLED);
    await bench.write("global", "a", {
      manifest: { channels: ["chat"], channelConfigs: { chat: { schema: { type: "object" } } } },
      package: { name: "a", type: "module", openclaw: { extensions: ["./index.js"] } },
      files: {
        "index.js": `import { defineBundledChannelEntry, ofTomorrow } from "openclaw/plugin-sdk/channel-entry-contract";
export default defineBundledChannelEntry({ id: "a", name: "A", description: "d", importMetaUrl: import.meta.url,
  plugin: { specifier: "./plugin.js", exportName: "plugin" }, runtime: { specifier: "./runtime.js", exportName: "setRuntime" } });`,
        "plugin.js": `import { invented } from "openclaw/plugin-sdk/core";
export const plugin = { id: "chat", invented, capabilities: { chatTypes: ["direct"] }, config: { listAccountIds: () => [], resolveAccount: () => ({}) } };`,
        "runtime.js": `import { alsoInvented } from "openclaw/plugin-sdk/of-tomorrow"; export function setRuntime() { return alsoInvented; }`,
      },
    });
    await bench.host.start();
    await bench.host.activateRest();
    const inspection = await bench.host.inspect("a");
    expect(inspection?.plugin.error).toBeUndefined();
    expect(inspection?.contributions).toMatchObject({ channel: ["chat"] });
    expect(inspection?.unknownSdkNames).toEqual([
      "channel-entry-contract#ofTomorrow",
      "core#invented",
      "of-tomorrow#alsoInvented",
    ]);
  });

  it("[F001] link in CommonJS, taken apart or read from the module, also when a compiler wrote it", async () => {
    const { error, said } = await loaded(
      {
        "index.js": `"use strict";
const { normalizeAccountId, taken: mine } = require("openclaw/plugin-sdk/account-id");
const sdk = require("openclaw/plugin-sdk/core");
const tomorrow_1 = require("openclaw/plugin-sdk/of-tomorrow");
${ATTEMPT}
module.exports = { id: "a", ${say(`[normalizeAccountId("X"), attempt(() => mine()), attempt(() => sdk.invented("x")), attempt(() => (0, tomorrow_1.one)()), attempt(() => tomorrow_1.CONSTANT.member), require("openclaw/plugin-sdk/account-id").normalizeAccountId === normalizeAccountId].join()`)} };`,
      },
      { type: "commonjs" },
    );
    expect(error).toBeUndefined();
    expect(said).toEqual([
      "x,SDK_NAME_MISSING account-id#taken,SDK_NAME_MISSING core#invented,SDK_NAME_MISSING of-tomorrow#one,SDK_NAME_MISSING of-tomorrow#CONSTANT,true",
    ]);
  });

  it("[F001] link in TypeScript sources; types are no missing names", async () => {
    const { error, said, inspection } = await loaded(
      {
        "index.ts": `import { normalizeAccountId, invented, type Gone, LaterType } from "openclaw/plugin-sdk/account-id";
import type { Other } from "openclaw/plugin-sdk/of-never";
import { one } from "./part.ts";
${ATTEMPT.replace("(work)", "(work: () => unknown)").replace("(error)", "(error: any)")}
const typed: LaterType | undefined = undefined;
export default { id: "a", ${say(`[normalizeAccountId("X"), attempt(() => invented()), attempt(() => one()), typed].join()`).replace("(api)", "(api: any)")} };`,
        "part.ts": `export { one } from "openclaw/plugin-sdk/of-tomorrow.js";`,
      },
      { openclaw: { extensions: ["./index.ts"] } },
    );
    expect(error).toBeUndefined();
    expect(said).toEqual(["x,SDK_NAME_MISSING account-id#invented,SDK_NAME_MISSING of-tomorrow#one,"]);
    expect(inspection?.unknownSdkNames).toEqual(["account-id#invented", "of-tomorrow#one"]);
  });

  it("stay absent for code that asks before it uses them", async () => {
    const { error, said } = await loaded({
      "index.js": `import * as sdk from "openclaw/plugin-sdk/core";
import { createRequire } from "node:module";
let whole = "absent";
try { whole = typeof (await import("openclaw/plugin-sdk/of-tomorrow")); } catch (error) { whole = error.code ?? error.message; }
import common from "./common.cjs";
export default { id: "a", ${say(`[typeof sdk.invented, whole, ...common].join()`)} };`,
      "common.cjs": `const sdk = require("openclaw/plugin-sdk/core");
const { perhaps = "default" } = require("openclaw/plugin-sdk/core");
const { maybe } = require("openclaw/plugin-sdk/core");
let gone = false;
try { require("openclaw/plugin-sdk/of-tomorrow"); } catch { gone = true; }
module.exports = [typeof sdk.invented === "function" ? sdk.invented() : "without", perhaps, maybe ? maybe() : "nothing", gone];`,
    });
    expect(error).toBeUndefined();
    expect(said).toEqual(["undefined,SDK_SEAM_MISSING,without,default,nothing,true"]);
  });

  it("name the subpath that code cannot go on without when it asks for it while it loads", async () => {
    const { error, inspection } = await loaded({
      "index.js": `await import("openclaw/plugin-sdk/of-tomorrow"); export default { register() {} };`,
    });
    expect(error).toContain("of-tomorrow");
    expect(inspection?.diagnostics.map(({ code }) => code)).toContain("sdk-incompatible");
  });

  it("are linked anew by a reload, in ES modules and CommonJS", async () => {
    for (const ending of ["js", "cjs"]) {
      const source = (name: string) =>
        ending === "js"
          ? `import { ${name} } from "openclaw/plugin-sdk/core"; ${ATTEMPT} export default { id: "a", ${say(`attempt(() => ${name}())`)} };`
          : `const { ${name} } = require("openclaw/plugin-sdk/core"); ${ATTEMPT} module.exports = { id: "a", ${say(`attempt(() => ${name}())`)} };`;
      const entry = `index.${ending}`;
      const openclaw = { extensions: [`./${entry}`] };
      const bench = await loaded({ [entry]: source("first") }, { openclaw });
      expect(bench.said).toEqual(["SDK_NAME_MISSING core#first"]);
      await bench.write("global", "a", {
        files: { [entry]: source("second") },
        package: { name: "a", type: "module", openclaw },
      });
      await bench.host.reload("a");
      const [command] = bench.host.registry.current().list("command");
      expect(command?.value).toMatchObject({ description: "SDK_NAME_MISSING core#second" });
    }
  });

  it(`are not looked for in files above ${MAX_LINKED_FILE_BYTES} bytes`, async () => {
    const text = `import { ofTomorrow } from "openclaw/plugin-sdk/core"; export default { id: "a", register() { ofTomorrow; } };//`;
    const fitting = await loaded({ "index.js": text.padEnd(MAX_LINKED_FILE_BYTES, "x") });
    expect(fitting.error).toBeUndefined();
    const larger = await loaded({ "index.js": text.padEnd(MAX_LINKED_FILE_BYTES + 1, "x") });
    expect(larger.error).toContain("core#ofTomorrow");
  });
});

describe("reading what a text imports from the SDK", () => {
  const read = (text: string) =>
    Object.fromEntries(
      [...sdkImports(text)].map(([subpath, { names, links }]) => [
        subpath,
        links ? [...names] : { names: [...names] },
      ]),
    );

  it.each<[string, unknown]>([
    [`import{a as b,c}from"openclaw/plugin-sdk/x"`, ["a", "c"]],
    [`import d,{a}from'openclaw/plugin-sdk/x.js'`, ["default", "a"]],
    [`import d, * as all from "openclaw/plugin-sdk/x"`, ["default"]],
    [`import {\n  a, // one\n  /* two */ b,\n} from "openclaw/plugin-sdk/x"`, ["a", "b"]],
    [`export * from "openclaw/plugin-sdk/x"`, []],
    [`export * as all from "openclaw/plugin-sdk/x"`, []],
    [`import { "not a name" as a, b } from "openclaw/plugin-sdk/x"`, ["b"]],
    [`import type { A } from "openclaw/plugin-sdk/x"`, { names: [] }],
    [`import { type A, type as b } from "openclaw/plugin-sdk/x"`, ["type"]],
    [`const { a, b: c } = await import("openclaw/plugin-sdk/x")`, { names: ["a", "b"] }],
    [`import("openclaw/plugin-sdk/x").then(({ a }) => a())`, { names: ["a"] }],
    [`(await import("openclaw/plugin-sdk/x")).a()`, { names: ["a"] }],
    [`var import_x = __toESM(require("openclaw/plugin-sdk/x"), 1); (0, import_x.a)()`, ["a"]],
    [
      `const sdk = require("openclaw/plugin-sdk/x"); sdk.a(); sdk.b?.(); sdk.c = 1; other.sdk.d(); if (!sdk.e()) sdk.f`,
      ["a", "e"],
    ],
    [`try { const { a } = require("openclaw/plugin-sdk/x"); } catch {}`, { names: ["a"] }],
    [`"a text about openclaw/plugin-sdk/x"`, undefined],
  ])("%s", (text, expected) => expect(read(text)["x"]).toEqual(expected));

  it("takes names of any text, ends soon, and never gives anything but names", () => {
    const piece = fc.constantFrom(
      ..."import export from { } ( ) , ; * as type default await require( = . try then(".split(" "),
      `"openclaw/plugin-sdk/x"`,
      `'sluice/plugin-sdk'`,
      "\n",
      "/*",
      "//",
      "a",
      `";process.exit()//`,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.string(), (pieces, rest) => {
        for (const { names } of sdkImports(pieces.join(" ") + rest).values())
          for (const name of names)
            expect(name).toMatch(/^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u);
      }),
    );
    const hostile = ["{", "(", "import ", "from ", "require(", "{a,", "await ", "a.", "/*"].map(
      (part) =>
        `${part.repeat(200_000)} from "openclaw/plugin-sdk/x" ${`require("openclaw/plugin-sdk/x")`.repeat(5_000)}`,
    );
    const started = performance.now();
    for (const text of hostile) sdkImports(text);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("reads clauses, names and mentions up to their limits", () => {
    const clause = (length: number) => `import { ${"x,".padEnd(length, " ")} } from`;
    const fitting = MAX_CLAUSE_LENGTH - clause(0).length;
    expect(read(`${clause(fitting - 16)} "openclaw/plugin-sdk/x"`)["x"]).toEqual(["x"]);
    expect(read(`${clause(fitting + 16)} "openclaw/plugin-sdk/x"`)["x"]).toEqual({ names: [] });
    const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`).join();
    const many = `import{${names(MAX_IMPORTED_NAMES + 1)}}from"openclaw/plugin-sdk/x"`;
    expect(sdkImports(many).get("x")?.names.size).toBe(MAX_IMPORTED_NAMES);
    const mentions = (count: number) => `import "openclaw/plugin-sdk/y";`.repeat(count);
    const last = `import { a } from "openclaw/plugin-sdk/x"`;
    expect(read(mentions(MAX_MENTIONS - 1) + last)["x"]).toEqual(["a"]);
    expect(read(mentions(MAX_MENTIONS) + last)["x"]).toBeUndefined();
  });
});
