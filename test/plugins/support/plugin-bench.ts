import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { PluginRuntime } from "../../../src/contracts/runtime.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { createPluginHost, type PluginHost, type PluginHostOptions } from "../../../src/plugins/host.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

export const importNatively = createRequire(import.meta.url)("../../support/native-import.cjs") as (
  url: string,
) => Promise<unknown>;

export const sdkFolder = join(import.meta.dirname, "../../../dist/plugin-sdk");

/** A configuration that a test changes by hand. */
export class TestConfig {
  #value: Record<string, unknown>;
  readonly #listeners = new Set<() => void>();

  constructor(value: Record<string, unknown> = {}) {
    this.#value = value;
  }

  current() {
    return { config: this.#value, source: this.#value };
  }

  onChange(listener: () => void) {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  set(value: Record<string, unknown>): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}

export interface PluginFiles {
  manifest?: Record<string, unknown> | string;
  package?: Record<string, unknown>;
  /** Source by relative path; the entry is `index.mjs` unless the package says otherwise. */
  files?: Record<string, string>;
  /** Body of `register(api)`; a shorthand for `files["index.mjs"]`. */
  register?: string;
  /** What stands above it: imports. */
  head?: string;
}

export interface PluginBench {
  readonly root: string;
  readonly config: TestConfig;
  readonly clock: ManualClock;
  readonly host: PluginHost;
  /** Writes a plugin below one of the roots and returns its folder. */
  write(place: "bundled" | "global" | "extra", id: string, files: PluginFiles): Promise<string>;
  /** A second host over the same folders and configuration, as after a restart. */
  fresh(more?: Partial<PluginHostOptions>): PluginHost;
}

/** A plugin host over temporary folders: real files, real loading, an injected clock. */
export async function pluginBench(
  config: Record<string, unknown> = {},
  more: Partial<PluginHostOptions> = {},
): Promise<PluginBench> {
  const root = await temporaryFolder("sluice-plugins-");
  const testConfig = new TestConfig(config);
  const clock = new ManualClock();
  const fresh = (other: Partial<PluginHostOptions> = {}) => {
    const host = createPluginHost({
      config: testConfig,
      roots: { bundled: join(root, "bundled"), global: join(root, "global") },
      sdkFolder,
      stateDir: join(root, "state"),
      logger: silentLogger,
      clock,
      runtimeFor: () => ({ version: "test" }) as unknown as PluginRuntime,
      importModule: importNatively,
      ...more,
      ...other,
    });
    onTestFinished(() => host.dispose());
    return host;
  };
  return {
    root,
    config: testConfig,
    clock,
    host: fresh(),
    fresh,
    write: (place, id, files) => writePlugin(join(root, place, id), id, files),
  };
}

/** Writes a plugin folder. Without a manifest of its own it gets the smallest one that starts with the gateway. */
export async function writePlugin(folder: string, id: string, plugin: PluginFiles): Promise<string> {
  const manifest = plugin.manifest ?? {};
  const text =
    typeof manifest === "string"
      ? manifest
      : JSON.stringify({
          id,
          configSchema: { type: "object", additionalProperties: true },
          activation: { onStartup: true },
          ...manifest,
        });
  const files: Record<string, string> = { "openclaw.plugin.json": text, ...plugin.files };
  if (plugin.package) files["package.json"] = JSON.stringify(plugin.package);
  if (plugin.register !== undefined) {
    files["index.mjs"] =
      `${plugin.head ?? ""}\nexport default { id: ${JSON.stringify(id)}, register(api) { ${plugin.register} } };`;
  }
  for (const [name, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
  return folder;
}

/** What is registered, in a comparable form. */
export function contents(host: PluginHost, ids: readonly string[]): string[] {
  const generation = host.registry.current();
  return ids.flatMap((id) =>
    generation.ofPlugin(id).map((entry) => `${entry.ordinal} ${id} ${entry.kind} ${entry.key}`),
  );
}
