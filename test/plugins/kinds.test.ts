import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KINDS } from "../../src/plugins/registry/kinds.ts";
import { EVERY_CONTRACT, EVERY_KIND } from "./support/every-kind.ts";
import { type PluginBench, pluginBench } from "./support/plugin-bench.ts";

const root = join(import.meta.dirname, "../..");
const contractsFolder = join(root, "src/contracts");
const pages = join(root, "docs/plugins");
const ENTRIES = { a: { enabled: true }, b: { enabled: true } };
const MEMORY = { slots: { memory: "a" } };

async function start(bodies: Record<string, string>): Promise<PluginBench> {
  const bench = await pluginBench({ plugins: { entries: ENTRIES, ...MEMORY } });
  for (const [id, register] of Object.entries(bodies)) {
    // Only one plugin can hold the memory slot; the other gets its kind through a second one.
    const kind = id === "a" ? "memory" : ["memory", "context-engine"];
    await bench.write("global", id, { register, manifest: { ...EVERY_CONTRACT, kind } });
  }
  await bench.host.start();
  return bench;
}

function keys(bench: PluginBench, kind: string, id: string): string[] {
  return bench.host.registry
    .current()
    .ofPlugin(id)
    .filter((entry) => entry.kind === kind)
    .map(({ key }) => key);
}

function errors(bench: PluginBench, id: string): string[] {
  const record = bench.host.records().find((candidate) => candidate.id === id);
  return record?.diagnostics.filter(({ level }) => level !== "info").map(({ code }) => code) ?? [];
}

describe.each(
  EVERY_KIND.map(
    (example) =>
      [
        example.features
          .split(" ")
          .map((id) => `[${id}]`)
          .join(" "),
        example.kind,
        example,
      ] as const,
  ),
)("%s %s", (_features, _kind, example) => {
  it("is stored, inspected and taken away with its plugin", async () => {
    const bench = await start({ a: example.call });
    expect(bench.host.records()[0]?.error).toBeUndefined();
    expect(keys(bench, example.kind, "a")).toEqual([example.key]);
    expect((await bench.host.inspect("a"))?.contributions[example.kind]).toEqual([example.key]);
    bench.config.set({ plugins: { entries: { a: { enabled: false } } } });
    await bench.host.applyConfig();
    expect(bench.host.registry.current().list(example.kind)).toEqual([]);
  });

  it("refuses malformed values with a diagnostic and goes on", async () => {
    const bench = await start({
      a: `${example.malformed.join("\n")} api.registerCommand({ name: "after", description: "d", handler() {} });`,
    });
    expect(bench.host.records()[0]?.error).toBeUndefined();
    expect(keys(bench, example.kind, "a").filter((key) => key !== "after")).toEqual([]);
    expect(keys(bench, "command", "a")).toEqual(["after"]);
    expect(errors(bench, "a").length).toBeGreaterThan(0);
  });

  it(`the same name by another plugin is ${example.others}`, async () => {
    if (
      example.kind.startsWith("memory") &&
      !example.kind.includes("upplement") &&
      !example.kind.includes("Preparation") &&
      !example.kind.includes("Embedding")
    )
      return;
    const bench = await start({ a: example.call, b: example.call });
    expect(keys(bench, example.kind, "a")).toHaveLength(1);
    expect(keys(bench, example.kind, "b")).toHaveLength(example.others === "refused" ? 0 : 1);
    const codes = errors(bench, "b");
    if (example.others === "refused") expect(codes).toContain("registration-duplicate");
    else expect(codes).not.toContain("registration-duplicate");
  });

  it(`the same name by the same plugin is ${example.again}`, async () => {
    const bench = await start({ a: example.call + example.call });
    expect(keys(bench, example.kind, "a")).toHaveLength(example.again === "kept" ? 2 : 1);
    const codes = errors(bench, "a");
    if (example.again === "refused") expect(codes).toContain("registration-duplicate");
    else expect(codes).not.toContain("registration-duplicate");
  });
});

describe("the kinds table", () => {
  it("[F188] [F189] has an example of every kind but the one for bundled plugins", () => {
    const shown = new Set(EVERY_KIND.map(({ kind }) => kind));
    const missing = KINDS.filter((row) => !shown.has(row.storedAs ?? row.kind)).map(({ kind }) => kind);
    expect(missing).toEqual(["codexAppServerExtensionFactory"]);
  });

  it("[F185] a capability is one row: its type, its method and its page; storing, showing and taking away follow", async () => {
    const contracts = (await readdir(contractsFolder, { recursive: true })).filter((file) =>
      file.endsWith(".ts"),
    );
    const declared = (
      await Promise.all(contracts.map((file) => readFile(join(contractsFolder, file), "utf8")))
    ).join("\n");
    for (const { method } of KINDS) {
      expect(new RegExp(`\\b${method}\\b\\??[(:<]`).test(declared), `${method} in src/contracts`).toBe(true);
    }
    const methods = KINDS.map(({ method }) => method);
    const bench = await start({
      a: `const absent = ${JSON.stringify(methods)}.filter((name) => typeof api[name] !== "function");
        if (absent.length > 0) throw new Error(absent.join());`,
    });
    expect(bench.host.records()[0]?.error).toBeUndefined();
    const index = await readFile(join(pages, "kinds.md"), "utf8");
    for (const { kind, method } of KINDS) {
      expect(index).toContain(`(kinds/${kind}.md)`);
      expect(await readFile(join(pages, "kinds", `${kind}.md`), "utf8")).toContain(`api.${method}(`);
    }
  });

  it("names each kind after its method", () => {
    for (const { kind, method } of KINDS) {
      if (method.startsWith("register"))
        expect(`register${kind[0]?.toUpperCase()}${kind.slice(1)}`).toBe(method);
    }
  });
});
