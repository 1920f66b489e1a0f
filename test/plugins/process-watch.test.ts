import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PluginDiagnostic } from "../../src/plugins/types.ts";
import { sluice } from "../support/sluice-command.ts";
import { type SpawnedGateway, spawnGateway } from "../support/spawned-gateway.ts";
import { type PluginFiles, writePlugin } from "./support/plugin-bench.ts";

async function stateWith(plugins: Record<string, PluginFiles>): Promise<string> {
  const stateDir = await mkdtemp(join(tmpdir(), "sluice-watch-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const ids = Object.keys(plugins);
  for (const id of ids) await writePlugin(join(stateDir, "extensions", id), id, plugins[id] as PluginFiles);
  const entries = Object.fromEntries(ids.map((id) => [id, { enabled: true }]));
  await writeFile(join(stateDir, "sluice.json"), JSON.stringify({ plugins: { entries, allow: ids } }));
  return stateDir;
}

async function gatewayOn(stateDir: string): Promise<SpawnedGateway> {
  const gateway = await spawnGateway({ stateDir });
  onTestFinished(async () => {
    gateway.process.kill("SIGKILL");
  });
  return gateway;
}

function command(gateway: SpawnedGateway, ...args: string[]) {
  return sluice(args, {
    stateDir: gateway.stateDir,
    env: { SLUICE_GATEWAY_TOKEN: gateway.token, SLUICE_GATEWAY_PORT: String(gateway.port) },
  });
}

async function findings(gateway: SpawnedGateway, id: string): Promise<readonly PluginDiagnostic[]> {
  const { stdout } = await command(gateway, "plugins", "inspect", id, "--json");
  return (JSON.parse(stdout) as { diagnostics: PluginDiagnostic[] }).diagnostics;
}

const ROUTE = (path: string, body: string) =>
  `api.registerHttpRoute({ path: "${path}", auth: "plugin", handler(req, res) { ${body} res.end("done"); return true; } });`;

describe("a gateway's own process", () => {
  it("[F258] survives what plugins throw where nobody can catch it, and names them", async () => {
    const gateway = await gatewayOn(
      await stateWith({
        timer: { register: `setTimeout(() => { throw new Error("in a timer"); }, 30);` },
        rejected: { register: `setTimeout(async () => { throw Object.create(null); }, 30);` },
        module: {
          files: {
            "index.mjs": `setTimeout(() => Promise.reject(new Error("left behind")), 30);
              export default { id: "module", register() {} };`,
          },
        },
        socket: {
          files: {
            "index.mjs": `import { connect } from "node:net";
              export default { id: "socket", register() { setTimeout(() => connect(1, "127.0.0.1"), 30); } };`,
          },
        },
      }),
    );
    for (const id of ["timer", "rejected", "module", "socket"])
      await expect.poll(gateway.output).toContain(`plugin \\"${id}\\"`);
    const about = async (id: string) =>
      (await findings(gateway, id))
        .filter(({ code }) => code === "uncaught-error")
        .map(({ message }) => message);
    expect(await about("timer")).toEqual(["threw where nobody could catch it: in a timer"]);
    expect(await about("module")).toEqual(["rejected a promise that nobody awaited: left behind"]);
    expect(await about("rejected")).toHaveLength(1);
    expect((await fetch(`http://127.0.0.1:${gateway.port}/readyz`)).status).toBe(200);
    expect(await gateway.stop()).toBe(0);
  });

  it("is not ended by a plugin, at import, in register or later", async () => {
    const gateway = await gatewayOn(
      await stateWith({
        importing: {
          files: { "index.mjs": `process.exit(3); export default { id: "importing", register() {} };` },
        },
        registering: { register: "process.exit(3);" },
        later: { register: "setTimeout(() => process.exit(3), 30);" },
      }),
    );
    await expect.poll(gateway.output).toContain("threw where nobody");
    for (const id of ["importing", "registering", "later"])
      expect((await findings(gateway, id)).map(({ code }) => code)).toContain("exit-refused");
    expect(await gateway.stop()).toBe(0);
  });

  it("names the plugin that holds the event loop: while it does, afterwards, and after the gateway was killed", async () => {
    const stateDir = await stateWith({
      pausing: { register: ROUTE("/pausing", "const end = Date.now() + 1800; while (Date.now() < end);") },
      endless: { register: ROUTE("/endless", "for (;;);") },
    });
    const gateway = await gatewayOn(stateDir);
    await (await fetch(`http://127.0.0.1:${gateway.port}/pausing`)).text();
    const complaint = async () =>
      (await findings(gateway, "pausing")).find(({ code }) => code === "event-loop-held")?.message;
    await expect
      .poll(complaint)
      .toMatch(/held everything up for \d+ ms in handler \(file:.*pausing\/index\.mjs:\d+\)/);
    void fetch(`http://127.0.0.1:${gateway.port}/endless`).catch(() => {});
    await expect.poll(gateway.output).toMatch(/"endless\\" holds the event loop/);
    expect(await readFile(join(stateDir, "logs/gateway.log"), "utf8")).toMatch(
      /"endless\\" holds the event loop/,
    );
    gateway.process.kill("SIGKILL");
    await new Promise((resolve) => gateway.process.once("exit", resolve));
    const next = await gatewayOn(stateDir);
    const [held] = (await findings(next, "endless")).filter(({ code }) => code === "event-loop-held");
    expect(held?.message).toMatch(/until the gateway was ended, in handler/);
    const doctor = await command(next, "plugins", "doctor");
    expect(doctor.stdout).toContain("until the gateway was ended");
    expect(await next.stop()).toBe(0);
  });

  it("puts back what a plugin changes for everybody, and stops although plugins leave timers and sockets", async () => {
    const gateway = await gatewayOn(
      await stateWith({
        polluter: {
          register: `Object.prototype.polluted = true; process.chdir("/"); console.error = () => {};
            process.removeAllListeners("uncaughtException"); process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";`,
        },
        untidy: {
          head: 'import { createServer } from "node:net";',
          register: `setInterval(() => {}, 1_000); createServer(() => {}).listen(0, "127.0.0.1");`,
        },
        litterer: {
          head: 'import { createServer } from "node:net";',
          register: `setInterval(() => {}, 1_000); createServer(() => {}).listen(0, "127.0.0.1");
            ${ROUTE("/polluted", "res.setHeader('x-polluted', String('polluted' in {}) + process.cwd());")}`,
        },
      }),
    );
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/polluted`);
    expect(answer.headers.get("x-polluted")).not.toContain("true");
    expect(answer.headers.get("x-polluted")).not.toBe("false/");
    expect(await findings(gateway, "polluter")).toContainEqual(
      expect.objectContaining({
        code: "surroundings-changed",
        message: expect.stringMatching(
          /Object\.prototype\.polluted.*console\.error.*uncaughtException.*NODE_TLS_REJECT_UNAUTHORIZED.*working directory/,
        ),
      }),
    );
    // What the host adds for its plugins on an older Node is nobody's doing.
    for (const id of ["polluter", "untidy", "litterer"])
      expect(JSON.stringify(await findings(gateway, id))).not.toContain("WebSocket");
    expect((await command(gateway, "plugins", "disable", "untidy")).status).toBe(0);
    expect(await findings(gateway, "untidy")).toContainEqual(
      expect.objectContaining({
        code: "resources-left",
        message: expect.stringContaining("1 interval and 1 listening socket"),
      }),
    );
    const ended = new Promise((resolve) => gateway.process.once("exit", (...how) => resolve(how)));
    gateway.process.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
