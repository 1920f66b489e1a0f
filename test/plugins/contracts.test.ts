import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveCliArguments, resolveCliBackend } from "../../src/plugins/cli-backends.ts";
import { KINDS } from "../../src/plugins/registry/kinds.ts";
import { EVERY_KIND } from "./support/every-kind.ts";
import { pluginBench } from "./support/plugin-bench.ts";

const repository = join(import.meta.dirname, "../..");

describe("manifest contracts", () => {
  const enforced = KINDS.filter((row) => row.contract && row.trust !== "bundled");
  it.each(enforced.map((row) => [row.contract?.key, row.kind]))(
    "[F248] contracts.%s is enforced for %s",
    async (_key, kind) => {
      const bench = await pluginBench({ plugins: { entries: { it: { enabled: true } } } });
      const example = EVERY_KIND.find((candidate) => candidate.kind === kind);
      await bench.write("global", "it", {
        register: example?.call ?? "",
        manifest: { contracts: { other: ["x"] } },
      });
      await bench.host.start();
      expect(bench.host.registry.current().list(kind as string)).toEqual([]);
      expect(bench.host.records()[0]?.diagnostics.map(({ code }) => code)).toContain("contract-undeclared");
    },
  );

  it("[F158] lists, schemas and plans need no plugin code; [F192] code that runs shares the process", async () => {
    const bench = await pluginBench();
    await bench.write("global", "it", {
      manifest: { providers: ["p"] },
      files: {
        "index.mjs": `globalThis.coldImports = (globalThis.coldImports ?? 0) + 1; export default { register() { globalThis.coldPid = process.pid; } };`,
      },
    });
    await bench.host.snapshot();
    await bench.host.configSchemas();
    await bench.host.plan({ kind: "provider", provider: "p" });
    expect(bench.host.records()).toHaveLength(1);
    const seen = globalThis as { coldImports?: number; coldPid?: number };
    expect(seen.coldImports).toBeUndefined();
    await bench.host.start();
    expect([seen.coldImports, seen.coldPid]).toEqual([1, process.pid]);
  });

  it("[F184] [F189] [F190] bundled plugins register exactly what their manifests claim", async () => {
    const bundled = join(repository, "dist/extensions");
    const ids = await readdir(bundled);
    const entries = Object.fromEntries(ids.map((id) => [id, { enabled: true }]));
    const bench = await pluginBench({ plugins: { entries } }, { roots: { bundled }, mode: "discovery" });
    await bench.host.start();
    await bench.host.activateRest();
    const { plugins } = await bench.host.snapshot();
    expect(plugins.length).toBeGreaterThanOrEqual(6);
    for (const { candidate } of plugins) {
      const inspection = await bench.host.inspect(candidate.id);
      expect(inspection?.diagnostics.filter(({ level }) => level === "error")).toEqual([]);
      const registered = (kind: string) => [...(inspection?.contributions[kind] ?? [])].sort();
      const claimed = (names: readonly string[] | undefined) => [...(names ?? [])].sort();
      expect([candidate.id, registered("channel")]).toEqual([
        candidate.id,
        claimed(candidate.manifest?.channels),
      ]);
      expect([candidate.id, registered("provider")]).toEqual([
        candidate.id,
        claimed(candidate.manifest?.providers),
      ]);
      expect([candidate.id, registered("tool")]).toEqual([
        candidate.id,
        claimed(candidate.manifest?.contracts["tools"]),
      ]);
    }
  });

  it("[F019] [F020] the SDK has no vendor's action runtimes and the core names no vendor", async () => {
    const subpaths = await readdir(join(repository, "src/plugin-sdk"));
    expect(subpaths.filter((name) => name.includes("-action-runtime"))).toEqual([]);
    const folders = ["plugins", "channels", "runtime", "gateway"];
    for (const folder of folders) {
      for (const item of await readdir(join(repository, "src", folder), { recursive: true })) {
        if (!item.endsWith(".ts")) continue;
        const text = await readFile(join(repository, "src", folder, item), "utf8");
        expect([item, /\b(whatsapp|dingtalk|wecom|mattermost)\b/i.exec(text)?.[0]]).toEqual([
          item,
          undefined,
        ]);
      }
    }
  });
});

describe("CLI backends", () => {
  const BACKEND = `api.registerCliBackend({ id: "my-cli", config: { command: "my-cli", args: ["-p"], env: { A: "1", B: "1" }, input: "arg" },
    normalizeConfig: (config, { backendId }) => ({ ...config, normalized: backendId }),
    resolveExecutionArgs: ({ thinkingLevel, executionMode, baseArgs }) =>
      executionMode === "side-question" ? [...baseArgs, "--isolated"] : thinkingLevel ? [...baseArgs, "--effort", thinkingLevel] : null,
    ...OPTIONS });`;
  async function backendWith(options: string) {
    const bench = await pluginBench();
    await bench.write("global", "it", { register: BACKEND.replace("OPTIONS", options) });
    await bench.host.start();
    return bench.host.registry.current();
  }

  it("[F087] [F088] [F089] [F090] the user's settings win over the plugin's, lists replace, then the plugin normalises", async () => {
    const generation = await backendWith("{}");
    const user = {
      agents: { defaults: { cliBackends: { "my-cli": { args: ["--json"], env: { B: "2" } } } } },
    };
    expect(resolveCliBackend(generation, "My-CLI".toLowerCase(), user).config).toEqual({
      command: "my-cli",
      args: ["--json"],
      env: { A: "1", B: "2" },
      input: "arg",
      normalized: "my-cli",
    });
    expect(() => resolveCliBackend(generation, "none", {})).toThrow(/enable the plugin/);
  });

  it("[F091] [F092] [F093] arguments follow the thinking level and the mode; a side question never runs with forced tools", async () => {
    const base = { modelId: "m", baseArgs: ["-p"] };
    const { backend } = resolveCliBackend(await backendWith("{}"), "my-cli", {});
    expect(resolveCliArguments(backend, base)).toEqual(["-p"]);
    expect(resolveCliArguments(backend, { ...base, thinkingLevel: "high" })).toEqual([
      "-p",
      "--effort",
      "high",
    ]);
    expect(resolveCliArguments(backend, { ...base, executionMode: "side-question" })).toEqual([
      "-p",
      "--isolated",
    ]);
    const forced = resolveCliBackend(
      await backendWith(`{ nativeToolMode: "always-on" }`),
      "my-cli",
      {},
    ).backend;
    expect(() => resolveCliArguments(forced, { ...base, executionMode: "side-question" })).toThrow(
      /without its tools/,
    );
    const careful = await backendWith(`{ nativeToolMode: "always-on", sideQuestionToolMode: "disabled" }`);
    const { backend: quiet } = resolveCliBackend(careful, "my-cli", {});
    expect(resolveCliArguments(quiet, { ...base, executionMode: "side-question" })).toEqual([
      "-p",
      "--isolated",
    ]);
  });
});
