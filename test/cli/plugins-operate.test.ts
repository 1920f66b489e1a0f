import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { npmRegistry } from "../support/npm-registry.ts";
import { sluice } from "../support/sluice-command.ts";
import { freePort, spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const COMMANDS = `list search install inspect enable disable reload uninstall update registry doctor init build
  validate pack marketplace create test`;

async function operator(env: Record<string, string> = {}) {
  const root = await temporaryFolder("sluice-operator-");
  const port = { SLUICE_GATEWAY_PORT: String(await freePort()) };
  const run = (...args: string[]) =>
    sluice(["plugins", ...args], { stateDir: join(root, "state"), env: { ...port, ...env } });
  return { root, run };
}

const json = (text: string) => JSON.parse(text);

describe("sluice plugins for operators", () => {
  it("[F261] offers every command of the contract, info as another word for inspect", async () => {
    const { run } = await operator();
    const { stdout } = await run("--help");
    for (const name of COMMANDS.split(/\s+/)) expect(stdout).toMatch(new RegExp(`^ {2}${name}[ |]`, "m"));
    const [inspected, informed] = await Promise.all([
      run("inspect", "echo", "--runtime", "--json"),
      run("info", "echo", "--json"),
    ]);
    expect(inspected).toMatchObject({ status: EXIT.OK, stderr: "" });
    expect(json(informed.stdout)).toEqual(json(inspected.stdout));
    expect(json(inspected.stdout)).toMatchObject({
      status: "loaded",
      shape: "plain-capability",
      plugin: { id: "echo", providerIds: ["echo"] },
      contributions: { provider: ["echo"] },
      missingSdkNames: [],
      diagnostics: [],
    });
  });

  it("[F261] searches and browses the registry without a gateway, and says what is here", async () => {
    const registry = await npmRegistry([
      { name: "@openclaw/garden", version: "1.2.3", description: "Gardens" },
      { name: "openclaw-garden-fan", version: "0.1.0" },
    ]);
    const { run } = await operator({ npm_config_registry: registry.url });
    const found = await run("search", "garden", "--limit", "1", "--json");
    expect(json(found.stdout).results).toMatchObject([{ package: { name: "@openclaw/garden" } }]);
    expect((await run("search", "garden")).stdout).toContain("openclaw-garden-fan");
    expect(json((await run("marketplace", "--official", "--json")).stdout)).toEqual({
      offers: [
        {
          name: "@openclaw/garden",
          version: "1.2.3",
          official: true,
          summary: "Gardens",
          state: "not-installed",
        },
      ],
    });
    expect(await run("search", "garden", "--limit", "0")).toMatchObject({ status: EXIT.USAGE });
    const away = await operator({
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_fetch_retries: "0",
    });
    const failed = await away.run("search", "garden", "--json");
    expect(failed.status).toBe(EXIT.FAILED);
    expect(json(failed.stdout).error.code).toBe("PACKAGE_UNAVAILABLE");
  });

  it("[F261] makes a tool plugin, writes its manifest from its code, validates and packs it", async () => {
    const { root, run } = await operator();
    const folder = join(root, "garden");
    expect((await run("init", folder, "--javascript")).stdout).toContain("garden is in");
    const files = await readdir(folder);
    const entry = files.find((name) => /^index\.m?js$/.test(name)) as string;
    await writeFile(
      join(folder, entry),
      `import { defineToolPlugin } from "openclaw/plugin-sdk/tool-plugin";
       export default defineToolPlugin({ id: "garden", name: "Garden", description: "Waters.",
         configSchema: { type: "object", additionalProperties: false, properties: { litres: { type: "number" } } },
         tools: (tool) => [tool({ name: "water", description: "Waters.", optional: true,
           parameters: { type: "object", properties: {} }, execute: () => "wet" })] });`,
    );
    const stale = await run("build", folder, "--check", "--json");
    expect(stale.status).toBe(EXIT.FAILED);
    expect(json(stale.stdout).error.code).toBe("MANIFEST_STALE");
    const invalid = await run("validate", folder);
    expect(invalid.status).toBe(EXIT.FAILED);
    expect(invalid.stdout).toContain("FAIL description");
    expect((await run("build", folder, "--json")).status).toBe(EXIT.OK);
    expect(json(await readFile(join(folder, "openclaw.plugin.json"), "utf8"))).toMatchObject({
      id: "garden",
      name: "Garden",
      configSchema: { properties: { litres: { type: "number" } } },
      contracts: { tools: ["water"] },
      toolMetadata: { water: { optional: true } },
      activation: { onStartup: true },
    });
    expect((await run("build", folder, "--check")).stdout).toBe("garden is up to date\n");
    expect((await run("validate", folder)).status).toBe(EXIT.OK);
    const packed = json((await run("pack", folder, "--out", join(root, "out"), "--json")).stdout);
    expect(packed).toMatchObject({ pluginIds: ["garden"], file: expect.stringMatching(/\.tgz$/) });
    expect((await run("install", packed.file, "--yes")).status).toBe(EXIT.OK);
    expect(json((await run("inspect", "garden", "--json")).stdout)).toMatchObject({
      status: "loaded",
      tools: [{ names: ["water"], optional: true }],
    });
    expect(json((await run("build", join(root, "nothing"), "--json")).stdout).error.code).toBe(
      "ENTRY_UNKNOWN",
    );
  });

  it("[F261] traces phases and exports when the environment asks for it", async () => {
    for (const brand of ["SLUICE", "OPENCLAW"]) {
      const { run } = await operator({
        [`${brand}_PLUGIN_LIFECYCLE_TRACE`]: "1",
        [`${brand}_PLUGIN_LOAD_DEBUG`]: "1",
      });
      const { stdout, stderr } = await run("inspect", "echo", "--json");
      expect(json(stdout).status).toBe("loaded");
      const lines = stderr.trim().split("\n").map(json);
      for (const phase of ["discover", "settings", "import", "register"])
        expect(lines).toContainEqual(expect.objectContaining({ phase, ms: expect.any(Number) }));
      expect(lines).toContainEqual(
        expect.objectContaining({
          pluginId: "echo",
          exports: { default: expect.objectContaining({ register: "function" }) },
        }),
      );
    }
  });

  it("[F261] shows the registry of a running gateway, after looking at the folders again", async () => {
    const gateway = await spawnGateway();
    onTestFinished(() => gateway.dispose());
    const run = (...args: string[]) =>
      sluice(["plugins", ...args], {
        stateDir: gateway.stateDir,
        env: { SLUICE_GATEWAY_PORT: String(gateway.port), SLUICE_GATEWAY_TOKEN: gateway.token },
      });
    const registry = json((await run("registry", "--refresh", "--json")).stdout);
    expect(registry.generation).toBeGreaterThan(0);
    expect(registry.plugins).toContainEqual(expect.objectContaining({ id: "echo", origin: "bundled" }));
    const echo = registry.plugins.find(({ id }: { id: string }) => id === "echo");
    expect(echo.source).toContain(join("extensions", "echo"));
    const shown = (await run("registry")).stdout;
    expect(shown).toContain(`generation ${registry.generation}`);
    expect(shown).toContain(echo.source);
    // As without a gateway: a report for people, and the same exit code for what is not there.
    expect((await run("inspect", "echo")).stdout).toMatch(/^Echo \(echo\)\n[\s\S]*\n {2}provider {2}echo\n$/);
    expect(await run("inspect", "nowhere")).toMatchObject({
      status: EXIT.USAGE,
      stderr: 'sluice: there is no plugin "nowhere"; see: sluice plugins list\n',
    });
    expect((await run("doctor")).stdout).toBe("Nothing is wrong with the plugins.\n");
    const alone = await operator();
    expect(json((await alone.run("registry", "--json")).stdout).generation).toBeNull();
    expect((await alone.run("list")).stderr).toBe(
      "no gateway is running; this is what the next start would find\n",
    );
    expect((await alone.run("inspect", "nowhere")).status).toBe(EXIT.USAGE);
    // What scripts read of a plugin is the same, whoever answers.
    const row = async (from: typeof run) =>
      json((await from("list", "--json")).stdout).plugins.find(({ id }: { id: string }) => id === "echo");
    const { runtime: _loaded, reason: _why, ...facts } = await row(run);
    const { channelIds: _live, description: _said, ...told } = facts;
    expect(told).toMatchObject({ enabled: true, state: "enabled", status: "loaded", installed: true });
    expect(await row(alone.run)).toMatchObject(told);
  });
});
