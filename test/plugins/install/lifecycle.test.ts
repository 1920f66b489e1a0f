import { access } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { installBench, WritableConfig } from "./support/install-bench.ts";
import { pluginFolder } from "./support/packages.ts";

const command = (name: string) =>
  `api.registerCommand({ name: "${name}", description: "x", handler: () => ({ text: "x" }) });`;
const GONE = { keepConfig: false, purgeChannels: false };
const plugins = (config: WritableConfig) =>
  config.current().config["plugins"] as Record<string, Record<string, unknown>>;

describe("enabling and disabling", () => {
  it("takes effect at once, says when nothing had to be done, and never touches the settings", async () => {
    const bench = await installBench();
    await bench.install(await pluginFolder({ register: command("one") }));
    bench.config.set({ plugins: { entries: { sample: { enabled: true, config: { note: "kept" } } } } });
    const registered = () => bench.host.registry.current().get("command", "one") !== undefined;
    expect(await bench.installer.setEnabled("Sample", false)).toMatchObject({
      changed: true,
      message: "sample is disabled",
    });
    expect(registered()).toBe(false);
    expect(await bench.installer.setEnabled("sample", false)).toMatchObject({ changed: false });
    expect(await bench.installer.setEnabled("sample", true)).toMatchObject({ changed: true });
    expect(registered()).toBe(true);
    expect(plugins(bench.config)["entries"]).toEqual({ sample: { enabled: true, config: { note: "kept" } } });
    await expect(bench.installer.setEnabled("nobody", true)).rejects.toMatchObject({
      code: "PLUGIN_UNKNOWN",
    });
  });

  it("adds the plugin to an allowlist in use, or leaves the list as it is and says what that means", async () => {
    const bench = await installBench();
    await bench.install(await pluginFolder({ register: command("one") }));
    bench.config.set({ plugins: { allow: ["other"] } });
    const kept = await bench.installer.setEnabled("sample", true, "preserve");
    expect(kept.warnings).toContain('plugins.allow does not name "sample": it stays off until it does');
    expect(plugins(bench.config)["allow"]).toEqual(["other"]);
    await bench.installer.setEnabled("sample", true);
    expect(plugins(bench.config)["allow"]).toEqual(["other", "sample"]);
  });

  it("[F256] gives the memory slot to the newly enabled plugin, switches the other off and says so", async () => {
    const bench = await installBench();
    const memory = (id: string) => pluginFolder({ id, manifest: { kind: "memory" } });
    expect((await bench.install(await memory("first-memory"))).warnings).toEqual([
      'first-memory takes the slot "memory", which nobody had',
    ]);
    const { warnings } = await bench.install(await memory("second-memory"));
    expect(warnings.join()).toContain("first-memory is off now");
    expect(plugins(bench.config)).toMatchObject({
      slots: { memory: "second-memory" },
      entries: { "first-memory": { enabled: false }, "second-memory": { enabled: true } },
    });
    await bench.installer.setEnabled("second-memory", false);
    expect(plugins(bench.config)["slots"]).toBeUndefined();
  });

  it("warns when something else keeps the plugin off", async () => {
    const config = new WritableConfig({
      plugins: { enabled: false },
      channels: { smoke: { enabled: false } },
    });
    const bench = await installBench({ config });
    const { warnings } = await bench.install(
      await pluginFolder({
        manifest: { channels: ["smoke"], channelConfigs: { smoke: { schema: { type: "object" } } } },
      }),
    );
    expect(warnings.join()).toContain("plugins.enabled is false");
    expect(warnings.join()).toContain("channels.smoke.enabled is false");
  });
});

describe("updating", () => {
  it("replaces running code at once and drops the old files", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({ register: command("one") });
    await bench.install(folder);
    await pluginFolder({ register: command("two"), version: "2.0.0" }, folder);
    expect(await bench.installer.update("sample", { consent: () => false })).toMatchObject({
      changed: true,
      message: "sample is updated from 1.0.0 to 2.0.0",
    });
    expect(
      bench.host.registry
        .current()
        .ofPlugin("sample")
        .map(({ key }) => key),
    ).toEqual(["two"]);
    expect((await bench.leftovers()).packages).toHaveLength(1);
    expect(await bench.installer.update("sample", { consent: () => false })).toMatchObject({
      changed: false,
    });
  });

  it("keeps the old version running and installed when the new one does not load", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({ register: command("one") });
    await bench.install(folder);
    await pluginFolder({ register: "throw new Error('no');", version: "2.0.0" }, folder);
    await expect(bench.installer.update("sample", { consent: () => true })).rejects.toMatchObject({
      code: "UPDATE_FAILED",
    });
    expect(
      bench.host.registry
        .current()
        .ofPlugin("sample")
        .map(({ key }) => key),
    ).toEqual(["one"]);
    expect(bench.book.find("sample")).toMatchObject({ version: "1.0.0", state: "installed" });
    expect((await bench.leftovers()).packages).toHaveLength(1);
    const next = await bench.restart();
    expect(
      next.host.registry
        .current()
        .ofPlugin("sample")
        .map(({ key }) => key),
    ).toEqual(["one"]);
  });

  it("leaves a disabled plugin disabled", async () => {
    const bench = await installBench();
    const folder = await pluginFolder();
    await bench.install(folder);
    await bench.installer.setEnabled("sample", false);
    await pluginFolder({ version: "2.0.0" }, folder);
    await bench.installer.update("sample", { consent: () => true });
    expect(plugins(bench.config)["entries"]).toEqual({ sample: { enabled: false } });
    expect(await bench.installer.update("sample", { consent: () => true })).toMatchObject({ changed: false });
    expect(plugins(bench.config)["entries"]).toEqual({ sample: { enabled: false } });
    await bench.install(folder);
    expect(plugins(bench.config)["entries"]).toEqual({ sample: { enabled: true } });
    await expect(bench.installer.update("nobody", { consent: () => true })).rejects.toMatchObject({
      code: "PLUGIN_UNKNOWN",
    });
  });
});

describe("a configuration that refuses the change", () => {
  class Refusing extends WritableConfig {
    refuses = true;
    override async mutate(change: (draft: Record<string, unknown>) => unknown) {
      if (this.refuses) throw new Error("the configuration is not valid");
      return super.mutate(change);
    }
  }

  it("leaves nothing of a first installation", async () => {
    const config = new Refusing();
    const bench = await installBench({ config });
    await expect(bench.install(await pluginFolder())).rejects.toThrow("not valid");
    expect(bench.book.records).toEqual([]);
    expect(bench.book.operation).toBeUndefined();
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });
  });

  it("keeps the old version when a new one is installed over it", async () => {
    const config = new Refusing();
    config.refuses = false;
    const bench = await installBench({ config });
    const folder = await pluginFolder({ register: command("one") });
    await bench.install(folder);
    await pluginFolder({ register: command("two"), version: "2.0.0" }, folder);
    config.refuses = true;
    await expect(bench.install(folder)).rejects.toThrow("not valid");
    expect(bench.book.find("sample")).toMatchObject({ version: "1.0.0", state: "installed" });
    expect(
      bench.host.registry
        .current()
        .ofPlugin("sample")
        .map(({ key }) => key),
    ).toEqual(["one"]);
    expect((await bench.leftovers()).packages).toHaveLength(1);
  });
});

describe("uninstalling", () => {
  const manifest = { channels: ["smoke"], channelConfigs: { smoke: { schema: { type: "object" } } } };

  it("[F259] removes files, record, entry and lists, and leaves the mark of an uninstalled plugin", async () => {
    const config = new WritableConfig({
      plugins: { allow: ["echo", "sample"], deny: ["other"] },
      channels: { smoke: { server: "x" } },
    });
    const bench = await installBench({ config });
    await bench.install(await pluginFolder({ manifest, register: command("one") }));
    expect(await bench.installer.uninstall("sample", GONE)).toMatchObject({
      changed: true,
      message: "sample is uninstalled",
    });
    expect(bench.host.registry.current().ofPlugin("sample")).toEqual([]);
    expect(config.current().config).toEqual({
      plugins: {
        allow: ["echo"],
        deny: ["other"],
        entries: { sample: { enabled: false }, smoke: { enabled: false } },
      },
      channels: { smoke: { server: "x" } },
    });
    expect(bench.book.records).toEqual([]);
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });
    expect(bench.host.diagnostics().map(({ pluginId }) => pluginId)).not.toContain("sample");
    expect(await bench.installer.uninstall("sample", GONE)).toMatchObject({
      changed: false,
      message: "sample is not installed",
    });
  });

  it("[F259] says when the plugin of Sluice whose place it had stays off", async () => {
    const bundled = await temporaryFolder("sluice-bundled-");
    await pluginFolder({ id: "sample", manifest: { enabledByDefault: true } }, join(bundled, "sample"));
    const bench = await installBench({ bundled });
    await bench.install(await pluginFolder({ name: "better-sample" }));
    expect((await bench.installer.uninstall("sample", GONE)).warnings).toEqual([
      'the plugin "sample" that is part of Sluice is off; turn it on with: sluice plugins enable sample',
    ]);
    expect(bench.host.records()).toMatchObject([{ id: "sample", origin: "bundled", status: "disabled" }]);
  });

  it("keeps settings when asked, and removes those of its channels when asked", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({ manifest });
    await bench.install(folder);
    bench.config.set({
      plugins: { entries: { sample: { enabled: true, config: { note: "n" } } } },
      channels: { smoke: {} },
    });
    await bench.installer.uninstall("sample", { keepConfig: true, purgeChannels: true });
    expect(bench.config.current().config).toEqual({
      plugins: { entries: { sample: { enabled: false, config: { note: "n" } } } },
      channels: {},
    });
    await bench.install(folder);
    expect(plugins(bench.config)["entries"]).toEqual({ sample: { enabled: true, config: { note: "n" } } });
  });

  it("never empties an allowlist, which would let everybody in", async () => {
    const config = new WritableConfig({ plugins: { allow: ["sample"] } });
    const bench = await installBench({ config });
    await bench.install(await pluginFolder());
    await bench.installer.uninstall("sample", GONE);
    expect(plugins(config)["allow"]).toEqual(["sample"]);
  });

  it("takes a configured folder out of the configuration and leaves the folder", async () => {
    const folder = await pluginFolder({ register: command("one") });
    const bench = await installBench({
      config: new WritableConfig({ plugins: { load: { paths: [folder] } } }),
    });
    expect(bench.host.registry.current().get("command", "one")).toBeDefined();
    await bench.installer.uninstall("sample", GONE);
    expect(bench.host.registry.current().get("command", "one")).toBeUndefined();
    await expect(access(join(folder, "index.js"))).resolves.toBeUndefined();
  });

  it("refuses what it did not install, and says what to do instead", async () => {
    const bench = await installBench();
    await pluginFolder({}, join(bench.stateDir, "extensions", "sample"));
    await bench.host.applyConfig();
    await expect(bench.installer.uninstall("sample", GONE)).rejects.toMatchObject({
      code: "NOT_REMOVABLE",
      message: expect.stringContaining("placed by hand"),
    });
  });
});
