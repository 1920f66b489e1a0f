import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sluice } from "../../support/sluice-command.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { writePlugin } from "../support/plugin-bench.ts";

describe("sluice plugins inspect --json", () => {
  it("[F247] [F249] [F250] [F251] shows what was read of the manifest, without secrets", async () => {
    const stateDir = await temporaryFolder();
    const folder = await writePlugin(join(stateDir, "probe"), "probe", {
      register: "",
      manifest: {
        setup: { providers: [{ id: "p", envVars: ["P_KEY"] }] },
        configGroups: [{ id: "web", title: "Web", order: 1, properties: ["search"] }],
        modelCatalog: {
          providers: { p: { headers: { "X-Team": "do-not-show" }, models: [{ id: "m" }] } },
        },
        mediaUnderstandingProviderMetadata: { p: { capabilities: ["audio"] } },
      },
    });
    const config = { plugins: { load: { paths: [folder] }, entries: { probe: { enabled: true } } } };
    await writeFile(join(stateDir, "sluice.json"), JSON.stringify(config));
    const { stdout } = await sluice(["plugins", "inspect", "probe", "--json"], { stateDir });
    expect(stdout).not.toContain("do-not-show");
    expect(JSON.parse(stdout).metadata).toMatchObject({
      setup: { providers: [{ id: "p", envVars: ["P_KEY"] }] },
      config: { groups: [{ id: "web" }] },
      models: {
        modelCatalog: { providers: { p: { headers: { "X-Team": "[redacted]" }, models: [{ id: "m" }] } } },
      },
      capabilities: { mediaUnderstanding: { p: { capabilities: ["audio"] } } },
    });
  });

  it("[F250] says which tools wait, and for what, without a gateway", async () => {
    const stateDir = await temporaryFolder();
    const folder = await writePlugin(join(stateDir, "probe"), "probe", {
      register: "",
      manifest: {
        contracts: { tools: ["one", "two", "three"] },
        toolMetadata: {
          one: { authSignals: [{ provider: "finder" }] },
          two: { authSignals: [{ provider: "finder" }] },
          three: { authSignals: [{ provider: "keeper" }] },
        },
        setup: { providers: [{ id: "keeper", envVars: ["KEEPER_KEY"] }] },
      },
    });
    const config = { plugins: { load: { paths: [folder] }, entries: { probe: { enabled: true } } } };
    await writeFile(join(stateDir, "sluice.json"), JSON.stringify(config));
    const env = { KEEPER_KEY: "k" };
    const { stdout } = await sluice(["plugins", "inspect", "probe"], { stateDir, env });
    expect(stdout).toContain("Not offered to agents before there is a key for finder\n    one, two");
    expect(stdout).not.toContain("a key for keeper");
    expect(stdout).toMatch(/Claims in its manifest\n {2}agent tool +one, three, two\n/);
    expect(stdout).toMatch(/ {2}reads environment variable +KEEPER_KEY\n/);
  });
});
