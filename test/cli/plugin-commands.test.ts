import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import JSON5 from "json5";
import { describe, expect, it } from "vitest";
import type { CliEnvironment } from "../../src/cli/context.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { createProgram } from "../../src/cli/program.ts";
import { CORE_COMMANDS } from "../../src/plugins/registry/kinds/command-line.ts";
import { writePlugin } from "../plugins/support/plugin-bench.ts";
import { sluice } from "../support/sluice-command.ts";
import { freePort, spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Prints where it was attached and what it was told, and leaves a mark that its registrar ran. */
const COMMAND = (name: string) => `({ program, parentPath, config, logger }) => {
  ran(${JSON.stringify(name)});
  program.command(${JSON.stringify(name)}).argument("[word]").option("--loud").action((word, options) => {
    logger.info("called");
    console.log(JSON.stringify({ parent: program.name(), parentPath, word: word ?? null, loud: options.loud ?? false, note: config.session?.note ?? null }));
  });
}`;

async function commandLine(register: string, manifest: object = {}) {
  const stateDir = await temporaryFolder();
  const plugin = await writePlugin(join(stateDir, "probe"), "probe", {
    head: `import { writeFileSync } from "node:fs";
      import { join } from "node:path";
      const mark = (name) => writeFileSync(join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, name), "");
      const ran = (name) => mark("ran-" + name);
      const descriptor = (name, description = "does " + name) => ({ name, description, hasSubcommands: false });
      mark("imported");`,
    register,
    manifest: { ...manifest },
  });
  await writeFile(
    join(stateDir, "sluice.json"),
    JSON.stringify({
      session: { note: "from the file" },
      plugins: { load: { paths: [plugin] }, entries: { probe: { enabled: true } } },
    }),
  );
  const happened = async (name: string) =>
    access(join(plugin, name)).then(
      () => true,
      () => false,
    );
  return { run: (...args: string[]) => sluice(args, { stateDir }), happened, stateDir };
}

describe("commands of plugins", () => {
  it("[F074] [F075] a promised command is shown from the manifest alone and registered when it is called", async () => {
    const { run, happened } = await commandLine(
      `api.registerCli(${COMMAND("weather")}, { descriptors: [descriptor("weather")] });`,
      {
        cliCommands: [{ name: "weather", description: "what it looks like outside", hasSubcommands: false }],
      },
    );
    expect((await run("--help")).stdout).toMatch(/weather +what it looks like outside/);
    expect(await happened("imported")).toBe(false);
    const result = await run("weather", "tomorrow", "--loud");
    expect(result).toMatchObject({ status: EXIT.OK, stderr: expect.stringContaining("probe: called") });
    expect(JSON.parse(result.stdout)).toEqual({
      parent: "sluice",
      parentPath: [],
      word: "tomorrow",
      loud: true,
      note: "from the file",
    });
    expect((await run("weather", "--nonsense")).status).toBe(EXIT.USAGE);
  });

  it("[F077] [F078] nested commands are given their parent, below a group of their own and below the core's", async () => {
    const { run, happened } = await commandLine(
      `api.registerNodeCliFeature(${COMMAND("canvas")}, { descriptors: [descriptor("canvas")] });
       api.registerNodeCliFeature(${COMMAND("camera")}, { descriptors: [descriptor("camera")] });
       api.registerCli(${COMMAND("audit")}, { parentPath: ["channels"], descriptors: [descriptor("audit")] });`,
      { activation: { onStartup: false, onCommands: ["nodes", "channels"] } },
    );
    const { stdout } = await run("nodes", "canvas", "draw");
    expect(JSON.parse(stdout)).toMatchObject({ parent: "nodes", parentPath: ["nodes"], word: "draw" });
    expect([await happened("ran-canvas"), await happened("ran-camera")]).toEqual([true, false]);
    const below = await run("channels", "audit");
    expect(JSON.parse(below.stdout)).toMatchObject({ parent: "channels", parentPath: ["channels"] });
    expect((await run("nodes", "nothing")).status).toBe(EXIT.USAGE);
  });

  it("[F076] only descriptors that cover everything let a group's help do without the code", async () => {
    const { run, happened } = await commandLine(
      `api.registerNodeCliFeature(${COMMAND("canvas")}, { descriptors: [descriptor("canvas", "draws on a node")] });
       api.registerNodeCliFeature(${COMMAND("eager")}, { commands: ["eager"] });`,
      { activation: { onStartup: false, onCommands: ["nodes"] } },
    );
    const { stdout } = await run("nodes", "--help");
    expect(stdout).toMatch(/canvas +draws on a node/);
    expect(stdout).toMatch(/eager \[options\] \[word\]/);
    expect([await happened("ran-canvas"), await happened("ran-eager")]).toEqual([false, true]);
  });

  it("[F075] [F076] what no manifest promises is in the help too: by descriptors alone, or by its registrar", async () => {
    const { run, happened } = await commandLine(
      `if (api.registrationMode === "cli-metadata") mark("asked");
       api.registerCli(${COMMAND("told")}, { descriptors: [descriptor("told", "told by its descriptor")] });
       api.registerCli(({ program }) => { ran("eager"); program.command("eager").description("told by itself"); }, { commands: ["eager"] });
       api.registerCli(() => { throw new Error("broken"); }, { commands: ["broken"] });
       api.registerCli(${COMMAND("deep")}, { parentPath: ["nodes"], descriptors: [descriptor("deep")] });`,
    );
    const { stdout, stderr, status } = await run("--help");
    expect({ status, stderr }).toEqual({ status: EXIT.OK, stderr: "" });
    expect(stdout).toMatch(/told +told by its descriptor/);
    expect(stdout).toMatch(/eager +told by itself/);
    expect(stdout).not.toMatch(/broken|deep/);
    const marks = ["asked", "ran-told", "ran-eager"];
    expect(await Promise.all(marks.map(happened))).toEqual([true, false, true]);
    expect(await run("broken")).toMatchObject({ status: EXIT.FAILED, stderr: "sluice: broken\n" });
  });

  it("[F074] names of the host's own commands belong to the host", async () => {
    const program = createProgram({ version: "1.0.0" } as CliEnvironment);
    const names = program.commands.map((command) => command.name());
    expect([...CORE_COMMANDS].sort()).toEqual([...names, "help"].sort());
    const { run } = await commandLine(
      `api.registerCli(${COMMAND("status")}, { descriptors: [descriptor("status")] });
       api.registerCli(${COMMAND("mine")}, { descriptors: [descriptor("mine")] });`,
    );
    const { stdout } = await run("plugins", "inspect", "probe", "--runtime", "--json");
    const report = JSON.parse(stdout);
    expect(report.cliCommands).toEqual(["mine"]);
    expect(report.diagnostics).toContainEqual(
      expect.objectContaining({ code: "reserved-name", message: expect.stringContaining('"status"') }),
    );
  });

  it("[F074] run programs and know the workspace; what needs the gateway says so", async () => {
    const { run } = await commandLine(
      `api.registerCli(({ program, workspaceDir }) => {
         program.command("afar").action(() => api.runtime.agent.runEmbeddedAgent({}));
         program.command("near").action(async () => {
           const { stdout } = await api.runtime.system.runCommandWithTimeout([process.execPath, "-p", "6 * 7"], 60_000);
           console.log(JSON.stringify({ workspaceDir, stdout }));
         });
       }, { commands: ["afar", "near"] });`,
    );
    expect(JSON.parse((await run("near")).stdout)).toEqual({
      workspaceDir: expect.stringMatching(/workspace$/),
      stdout: "42\n",
    });
    expect((await run("afar")).stderr).toContain(
      "api.runtime.agent.runEmbeddedAgent needs the gateway's own process",
    );
  });

  it("[F076] a command that no manifest promises is found among the enabled plugins", async () => {
    const { run, happened } = await commandLine(
      `api.registerCli(${COMMAND("quiet")}, { commands: ["quiet"] });`,
    );
    expect((await run("gateway", "--help")).status).toBe(EXIT.OK);
    expect(await happened("imported")).toBe(false);
    expect(JSON.parse((await run("quiet")).stdout)).toMatchObject({ parent: "sluice" });
    expect((await run("unheard-of")).status).toBe(EXIT.USAGE);
  });

  it("[F074] change the configuration through a gateway, and read what they wrote", async () => {
    const { stateDir } = await commandLine(
      `api.registerCli(({ program }) => {
        program.command("tune").argument("<note>").action(async (note) => {
          const { config } = api.runtime;
          const { previousHash, hash } = await config.mutateConfigFile({
            afterWrite: { mode: "auto" },
            mutate(draft) { draft.session = { ...draft.session, note }; },
          });
          console.log(JSON.stringify({ changed: previousHash !== hash, note: config.current().session.note }));
        });
      }, { descriptors: [descriptor("tune")] });`,
    );
    const file = async () => JSON5.parse(await readFile(join(stateDir, "sluice.json"), "utf8"));
    const nowhere = { SLUICE_GATEWAY_PORT: String(await freePort()) };
    const result = await sluice(["tune", "from a command"], { stateDir, env: nowhere });
    expect(result).toMatchObject({ status: EXIT.OK });
    expect(JSON.parse(result.stdout)).toEqual({ changed: true, note: "from a command" });
    expect(await file()).toMatchObject({
      session: { note: "from a command" },
      plugins: { entries: { probe: {} } },
    });

    const { port, token, stop } = await spawnGateway({ stateDir });
    const running = { SLUICE_GATEWAY_PORT: String(port), SLUICE_GATEWAY_TOKEN: token };
    expect(await sluice(["tune", "while one runs"], { stateDir, env: running })).toMatchObject({
      status: EXIT.OK,
      stderr: "",
    });
    expect(await file()).toMatchObject({ session: { note: "while one runs" } });
    expect(await stop()).toBe(0);
  }, 60_000);
});
