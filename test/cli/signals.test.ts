import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { writePlugin } from "../plugins/support/plugin-bench.ts";
import { sluice } from "../support/sluice-command.ts";
import { freePort, spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** One plugin for each signal. */
const PLUGINS = {
  fine: `api.registerCommand({ name: "fine", description: "d", handler() {} });`,
  hooked: `api.on("message_received", () => {});`,
  old: `api.on("before_agent_start", () => {});`,
  broken: `throw new Error("no luck");`,
};
const SIGNALS = {
  fine: "config valid",
  hooked: "compatibility advisory",
  old: "legacy warning",
  broken: "hard error",
};

async function stateFolder(): Promise<string> {
  const stateDir = await temporaryFolder();
  const paths = await Promise.all(
    Object.entries(PLUGINS).map(([id, register]) => writePlugin(join(stateDir, "own", id), id, { register })),
  );
  const entries = Object.fromEntries(
    Object.keys(PLUGINS).map((id) => [id, { enabled: true, hooks: { allowConversationAccess: true } }]),
  );
  await writeFile(join(stateDir, "sluice.json"), JSON.stringify({ plugins: { load: { paths }, entries } }));
  return stateDir;
}

interface Signal {
  pluginId: string;
  signal: string;
}

const ours = (signals: Signal[]) =>
  Object.fromEntries(
    signals.filter(({ pluginId }) => pluginId in PLUGINS).map(({ pluginId, signal }) => [pluginId, signal]),
  );

describe("[F157] the signals of plugins", () => {
  it("are shown by doctor, plugins doctor and inspect without a gateway", async () => {
    const stateDir = await stateFolder();
    const env = { SLUICE_GATEWAY_PORT: String(await freePort()) };
    const doctor = await sluice(["doctor"], { stateDir, env });
    expect(doctor.status).toBe(EXIT.FAILED);
    for (const text of [
      "hooked: compatibility advisory",
      "old: legacy warning",
      "broken: hard error (register(api) failed: no luck)",
    ]) {
      expect(doctor.stdout).toContain(text);
    }
    const plugins = await sluice(["plugins", "doctor", "--json"], { stateDir, env });
    expect(plugins.status).toBe(EXIT.FAILED);
    expect(ours(JSON.parse(plugins.stdout).signals)).toEqual(SIGNALS);
    const inspected = await sluice(["plugins", "inspect", "old", "--json"], { stateDir, env });
    expect(JSON.parse(inspected.stdout).compatibility).toMatchObject({
      signal: "legacy warning",
      notices: expect.arrayContaining([
        expect.objectContaining({
          pluginId: "old",
          compatCode: "legacy-before-agent-start",
          severity: "warn",
        }),
      ]),
    });
  });

  it("are shown by status --all, doctor, plugins doctor and inspect of a running gateway", async () => {
    const stateDir = await stateFolder();
    const gateway = await spawnGateway({ stateDir });
    onTestFinished(async () => void (await gateway.stop()));
    const run = async (...args: string[]) => {
      const { stdout, stderr } = await sluice([...args, "--port", String(gateway.port), "--json"], {
        stateDir,
        env: { SLUICE_GATEWAY_TOKEN: gateway.token },
      });
      const answer = JSON.parse(stdout || "{}");
      if (stdout === "" || answer.error) throw new Error(stdout + stderr);
      return answer;
    };
    const status = await run("status", "--all");
    expect(ours(status.plugins)).toEqual(SIGNALS);
    expect(status.configuration.level).toBe("ok");
    expect(await run("status")).not.toHaveProperty("plugins");
    expect(ours((await run("plugins", "doctor")).signals)).toEqual(SIGNALS);
    const check = (await run("doctor")).checks.find(({ name }: { name: string }) => name === "plugins");
    expect(check).toMatchObject({ level: "error", message: expect.stringContaining("broken: hard error") });
    for (const [id, signal] of Object.entries(SIGNALS)) {
      expect((await run("plugins", "inspect", id)).compatibility.signal).toBe(signal);
    }
    expect(await readFile(join(stateDir, "sluice.json"), "utf8")).toContain('"broken"');
  });
});
