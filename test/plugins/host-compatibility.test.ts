import { expect, it } from "vitest";
import { PLUGIN_CONTRACT_VERSION } from "../../src/contracts/contract-version.ts";
import { type PluginFiles, pluginBench } from "./support/plugin-bench.ts";

const asking = (compat: unknown): PluginFiles => ({
  package: { name: "x", version: "1.0.0", openclaw: { extensions: ["./index.mjs"], compat } },
  register: "",
});

it.each([
  ["nothing", undefined],
  ["this contract", { pluginApi: `>=${PLUGIN_CONTRACT_VERSION}` }],
  ["an older contract by its plain version", { pluginApi: "2026.3.28", minGatewayVersion: "2026.3.28" }],
  ["an earlier preview", { minGatewayVersion: ">=2026.5.1-beta.1" }],
  ["something that is no text", { pluginApi: 7 }],
])("loads a plugin that asks for %s", async (_what, compat) => {
  const bench = await pluginBench();
  await bench.write("global", "x", asking(compat));
  await bench.host.start();
  expect(bench.host.records()).toMatchObject([{ status: "loaded", diagnostics: [] }]);
});

it.each([
  ["warns of and skips", "a newer contract", { pluginApi: ">=9999.1.1" }, "warn", "compat-host-too-old"],
  ["warns of and skips", "a newer gateway", { minGatewayVersion: "9999.1.1" }, "warn", "compat-host-too-old"],
  ["refuses", "what is no range", { pluginApi: "the newest" }, "error", "compat-range-invalid"],
])("%s a plugin that asks for %s, running none of it", async (_how, _what, compat, level, code) => {
  const bench = await pluginBench();
  await bench.write("global", "x", {
    ...asking(compat),
    register: "globalThis.ranIncompatible = true;",
  });
  await bench.host.start();
  const [record] = bench.host.records();
  expect(record?.status).toBe("error");
  expect(record?.diagnostics).toContainEqual(
    expect.objectContaining({ level, code, message: expect.stringContaining("openclaw.compat") }),
  );
  expect("ranIncompatible" in globalThis).toBe(false);
});

it("does not ask this of what comes along", async () => {
  const bench = await pluginBench({ plugins: { entries: { x: { enabled: true } } } });
  await bench.write("bundled", "x", asking({ pluginApi: ">=9999.1.1" }));
  await bench.host.start();
  expect(bench.host.records()).toMatchObject([{ status: "loaded", diagnostics: [] }]);
});
