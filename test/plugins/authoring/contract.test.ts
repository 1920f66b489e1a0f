import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { type ContractReport, testPlugin } from "../../../src/plugins/authoring/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type PackageParts, pluginFolder } from "../install/support/packages.ts";
import { importNatively, sdkFolder } from "../support/plugin-bench.ts";

async function contract(folder: string, pluginConfig?: Record<string, unknown>): Promise<ContractReport> {
  return testPlugin({
    folder,
    stateDir: await temporaryFolder(),
    sdkFolder,
    clock: systemClock,
    importModule: importNatively,
    ...(pluginConfig ? { pluginConfig } : {}),
  });
}

/** Names of checks that did not simply pass, with their outcome and first detail. */
function found({ checks }: ContractReport): Record<string, string> {
  return Object.fromEntries(
    checks
      .filter(({ outcome, name }) => outcome !== "passed" && !(name === "own tests" && outcome === "skipped"))
      .map(({ name, outcome, details }) => [name, `${outcome}: ${details[0]}`]),
  );
}

const tool = (name: string) =>
  `api.registerTool({ name: "${name}", description: "x", parameters: { type: "object" }, execute: async () => ({ content: [] }) });`;
const NAMELESS = "skipped: it registers no name that another could own";

afterEach(() => {
  const { __leaked: timers = [] } = globalThis as { __leaked?: NodeJS.Timeout[] };
  for (const timer of timers) clearInterval(timer);
  process.removeAllListeners("SIGUSR2");
});

describe("the contract checks", () => {
  it.each<[string, PackageParts, Record<string, unknown>]>([
    [
      "a broken manifest",
      { files: { "openclaw.plugin.json": "{" } },
      { manifest: expect.stringMatching(/^failed/) },
    ],
    [
      "a tool that is not in the manifest",
      { register: tool("look") },
      { register: expect.stringContaining("look") },
    ],
    [
      "a tool that is only in the manifest",
      { manifest: { contracts: { tools: ["look"] } }, register: "" },
      {
        declared: 'warned: the manifest\'s contracts.tools names "look", which is not registered',
        "taken names": NAMELESS,
      },
    ],
    [
      "a change of what everybody shares",
      { register: "Object.prototype.polluted = true;" },
      {
        register: expect.stringMatching(
          /^warned: "sample": while it loaded it changed Object\.prototype\.polluted/,
        ),
      },
    ],
    [
      "a throwing register",
      { register: "throw new Error('oops');" },
      { register: "failed: register(api) failed: oops" },
    ],
    [
      "an asynchronous register",
      { files: { "index.js": "export default { id: 'sample', async register() {} };" } },
      { register: expect.stringContaining("failed: register(api) returned a promise") },
    ],
    [
      "another id in the entry",
      { files: { "index.js": "export default { id: 'other', register() {} };" } },
      { register: expect.stringContaining('the manifest says "sample"') },
    ],
    [
      "a call of the runtime while registering",
      { register: "api.runtime.agent.run({});" },
      {
        register: expect.stringContaining(
          "api.runtime.agent.run was called while the plugin was only registered",
        ),
      },
    ],
    [
      "a mode that breaks it",
      { register: "if (api.registrationMode === 'discovery') throw new Error('not prepared');" },
      {
        modes: expect.stringContaining("failed: discovery: register(api) failed: not prepared"),
        "taken names": NAMELESS,
      },
    ],
    [
      "a timer that stays",
      { register: "globalThis.__leaked = [...(globalThis.__leaked ?? []), setInterval(() => {}, 60_000)];" },
      {
        unload: expect.stringMatching(/left open: 1 × timer opened at index\.js:\d+$/),
        "taken names": NAMELESS,
      },
    ],
    [
      "a listener that stays",
      {
        register: "process.setMaxListeners(50); process.on('SIGUSR2', () => {});",
      },
      {
        unload: expect.stringContaining('more listener of process "SIGUSR2" than before'),
        "taken names": NAMELESS,
      },
    ],
    [
      "names that change with every load",
      {
        register:
          "globalThis.__n = (globalThis.__n ?? 0) + 1; api.registerService({ id: 'n' + globalThis.__n, start() {} });",
      },
      { reload: expect.stringMatching(/^failed: before: service n/) },
    ],
    [
      "a host among its dependencies",
      { package: { dependencies: { openclaw: "*" } } },
      { package: expect.stringContaining('failed: "openclaw" is a dependency'), "taken names": NAMELESS },
    ],
    [
      "a workspace dependency",
      { package: { dependencies: { near: "workspace:*" } } },
      { package: expect.stringContaining("failed"), "taken names": NAMELESS },
    ],
    [
      "an install script",
      { package: { scripts: { postinstall: "x" } } },
      { package: expect.stringContaining("warned"), "taken names": NAMELESS },
    ],
  ])("[F189] name %s", async (_name, parts, expected) => {
    const report = await contract(await pluginFolder(parts));
    const all = found(report);
    for (const [name, what] of Object.entries(expected))
      expect(all, JSON.stringify(all)).toHaveProperty([name], what);
    const failed = Object.values(all).filter((text) => text.startsWith("failed"));
    expect(report.ok).toBe(failed.length === 0);
  });

  it("reports every check of a plugin that does not load, those it could not try as skipped", async () => {
    const { checks } = await contract(await pluginFolder({ register: "throw new Error('oops');" }));
    const skipped = checks.filter(({ details }) => details[0] === "it does not load").map(({ name }) => name);
    expect(skipped).toEqual([
      "declared",
      "modes",
      "taken names",
      "reload",
      "unload",
      "SDK names",
      "compatibility",
    ]);
  });

  it("runs with the settings it is given and says when some are needed", async () => {
    const configSchema = { type: "object", required: ["key"], properties: { key: { type: "string" } } };
    const folder = await pluginFolder({ manifest: { configSchema }, register: tool("look"), files: {} });
    await pluginFolder(
      { manifest: { configSchema, contracts: { tools: ["look"] } }, register: tool("look") },
      folder,
    );
    expect(found(await contract(folder))["settings"]).toContain("it needs settings");
    expect(found(await contract(folder, { key: "k" }))).toEqual({});
    expect(found(await contract(folder, { key: 1 }))["settings"]).toContain("failed");
  });

  it("runs the author's own tests and shows what they say", async () => {
    const folder = await pluginFolder();
    await mkdir(join(folder, "test"));
    await writeFile(
      join(folder, "test/own.test.mjs"),
      'import { test } from "node:test"; test("mine", () => { throw new Error("found it"); });',
    );
    const report = await contract(folder);
    expect(report.ok).toBe(false);
    expect(found(report)["own tests"]).toContain("found it");
  });

  it("refuses a folder without a plugin", async () => {
    await expect(contract(await temporaryFolder())).rejects.toMatchObject({ code: "FOLDER_UNKNOWN" });
  });
});

describe("the bundled plugins", async () => {
  const folder = join(import.meta.dirname, "../../../dist/extensions");
  it.each(await readdir(folder).catch(() => [] as string[]))("[F190] %s keeps the contract", async (id) => {
    const { checks } = await contract(join(folder, id));
    expect(checks.filter(({ outcome }) => outcome === "failed" || outcome === "warned")).toEqual([]);
  });
});
