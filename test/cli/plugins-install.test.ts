import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import json5 from "json5";
import { describe, expect, it, onTestFinished } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { pluginFolder } from "../plugins/install/support/packages.ts";
import { sluice } from "../support/sluice-command.ts";
import { freePort, spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TOOL = `api.registerTool({ name: "look", description: "x", parameters: { type: "object" }, execute: async () => ({ content: [] }) });`;
const METHOD = `api.registerGatewayMethod("sample.hello", ({ respond }) => respond(true, { text: "hello" }), { scope: "operator.read" });`;
const parts = { manifest: { contracts: { tools: ["look"] } }, register: TOOL + METHOD };
const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** The command on a state folder whose port nobody listens on. */
async function alone() {
  const stateDir = await temporaryFolder("sluice-cli-");
  const env = { SLUICE_GATEWAY_PORT: String(await freePort()) };
  const run = (...args: string[]) => sluice(["plugins", ...args], { stateDir, env });
  const config = async () => json5.parse(await readFile(join(stateDir, "sluice.json"), "utf8")) as object;
  return { stateDir, run, config };
}

describe("sluice plugins without a gateway", () => {
  it("[F259] shows what a plugin claims and refuses to install it without consent", async () => {
    const { run } = await alone();
    const folder = await pluginFolder(parts);
    const { status, stdout, stderr } = await run("install", folder);
    expect({ status, stdout }).toEqual({ status: EXIT.REFUSED, stdout: "" });
    expect(stderr).toContain("agent tool: look");
    expect(stderr).toContain("--yes");
    const machine = await run("install", folder, "--json");
    expect(machine.status).toBe(EXIT.REFUSED);
    expect(json(machine.stdout)).toMatchObject({
      error: {
        code: "CONSENT_REQUIRED",
        details: {
          pluginId: "sample",
          claims: expect.arrayContaining([{ kind: "agent tool", name: "look" }]),
        },
      },
    });
    expect(json((await run("list", "--json")).stdout)["plugins"]).not.toContainEqual(
      expect.objectContaining({ id: "sample" }),
    );
  });

  it("[F259] asks with words that a manifest can not change: no colours, no lines of its own", async () => {
    const { run } = await alone();
    const folder = await pluginFolder({
      manifest: {
        name: "Nice\u001b[8m",
        description: "Good.\nIt says that it\n  claims nothing\u001b[2J\u202e",
        contracts: { tools: ["look\n  - harmless"] },
      },
    });
    const { stderr } = await run("install", folder);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
    expect(stderr).not.toMatch(/[\u001b\u202e]/);
    expect(stderr.match(/^It says that it$/gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/^ {2}(claims nothing|- harmless)/m);
    expect(stderr).toContain("runs code: inside the gateway");
  });

  it("[F259] installs, inspects, disables, enables, updates and uninstalls, each twice without harm", async () => {
    const { stateDir, run, config } = await alone();
    await writeFile(join(stateDir, "sluice.json"), "{\n  // mine\n  session: { note: 'kept' },\n}\n", {
      mode: 0o600,
    });
    const folder = await pluginFolder(parts);
    expect(await run("install", folder, "--yes")).toMatchObject({
      status: EXIT.OK,
      stdout: "sample 1.0.0 is installed and enabled\n",
    });
    expect(await run("install", folder)).toMatchObject({
      status: EXIT.OK,
      stdout: "sample 1.0.0 is installed already\n",
    });
    expect(await readFile(join(stateDir, "sluice.json"), "utf8")).toContain("// mine");

    const shown = json((await run("inspect", "sample", "--json")).stdout);
    expect(shown).toMatchObject({
      status: "loaded",
      shape: "non-capability",
      contributions: { tool: ["look"], gatewayMethod: ["sample.hello"] },
      diagnostics: [],
      missingSdkNames: [],
      install: { version: "1.0.0", state: "installed" },
    });

    expect((await run("disable", "sample")).stdout).toBe("sample is disabled\n");
    expect((await run("disable", "sample")).stdout).toBe("sample is disabled already\n");
    expect(json((await run("inspect", "sample", "--json")).stdout)).toMatchObject({ status: "disabled" });
    expect(json((await run("enable", "sample", "--json")).stdout)).toMatchObject({
      changed: true,
      pluginId: "sample",
    });

    await pluginFolder({ ...parts, version: "1.1.0", register: "throw new Error('not today');" }, folder);
    expect((await run("update", "sample")).stdout).toBe("sample is updated from 1.0.0 to 1.1.0\n");
    const broken = json((await run("inspect", "sample", "--json")).stdout);
    expect(broken).toMatchObject({
      status: "error",
      plugin: { error: expect.stringContaining("not today") },
    });
    expect(await run("doctor")).toMatchObject({
      status: EXIT.FAILED,
      stdout: expect.stringContaining("sample: register(api) failed: not today"),
    });

    expect(await run("uninstall", "sample", "--yes")).toMatchObject({
      status: EXIT.OK,
      stdout: "sample is uninstalled\n",
    });
    expect(await run("uninstall", "sample", "--yes")).toMatchObject({
      status: EXIT.OK,
      stdout: "sample is not installed\n",
    });
    expect(await config()).toEqual({
      session: { note: "kept" },
      plugins: { entries: { sample: { enabled: false } } },
    });
  });

  it("answers wrong usage for what cannot be a package, and for an unknown plugin", async () => {
    const { run } = await alone();
    for (const args of [
      ["install", "./nowhere"],
      ["install", "git:example.org/x"],
      ["update", "nobody"],
      ["enable", "nobody"],
      ["inspect", "nobody"],
      ["install"],
    ]) {
      expect((await run(...args)).status, args.join(" ")).toBe(EXIT.USAGE);
    }
  });
});

describe("sluice plugins and a running gateway", () => {
  it("[F259] finds the gateway by its lock and has it take the plugin up without a restart", async () => {
    const gateway = await spawnGateway();
    onTestFinished(() => gateway.dispose());
    const env = { SLUICE_GATEWAY_TOKEN: gateway.token, SLUICE_GATEWAY_PORT: String(gateway.port) };
    const run = (...args: string[]) => sluice(args, { stateDir: gateway.stateDir, env });
    const folder = await pluginFolder(parts);
    const asked = await run("plugins", "install", folder, "--json");
    expect(asked.status).toBe(EXIT.REFUSED);
    expect(asked.stderr).toContain("agent tool: look");
    expect(json(asked.stdout)).toMatchObject({ error: { code: "CONSENT_REQUIRED" } });
    for (const verb of ["reload", "inspect", "enable", "update"]) {
      const unknown = await run("plugins", verb, "nowhere", "--json");
      expect(unknown.status, verb).toBe(EXIT.USAGE);
      expect(json(unknown.stdout), verb).toMatchObject({ error: { code: "PLUGIN_UNKNOWN" } });
    }
    expect((await run("plugins", "install", folder, "--yes")).stdout).toBe(
      "sample 1.0.0 is installed and enabled\n",
    );
    expect(json((await run("gateway", "call", "sample.hello", "--json")).stdout)).toMatchObject({
      text: "hello",
    });
    expect(json((await run("plugins", "inspect", "sample", "--json")).stdout)).toMatchObject({
      status: "loaded",
      install: { source: "path" },
    });
    expect((await run("plugins", "uninstall", "sample", "--yes")).stdout).toBe("sample is uninstalled\n");
    expect((await run("gateway", "call", "sample.hello", "--json")).status).toBe(EXIT.FAILED);
  });
});
