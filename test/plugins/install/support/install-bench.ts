import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { PluginRuntime } from "../../../../src/contracts/runtime.ts";
import { systemClock } from "../../../../src/kernel/clock.ts";
import { silentLogger } from "../../../../src/kernel/logger.ts";
import { createPluginHost, type PluginHost } from "../../../../src/plugins/host.ts";
import {
  InstallBook,
  type InstallRequest,
  type InstallStep,
  installHostOf,
  PluginInstaller,
  parseSource,
} from "../../../../src/plugins/install/index.ts";
import type { HookRunner } from "../../../../src/plugins/types.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { importNatively, sdkFolder, TestConfig } from "../../support/plugin-bench.ts";

/** The configuration of a test that the installer may write. */
export class WritableConfig extends TestConfig {
  async mutate(change: (draft: Record<string, unknown>) => unknown): Promise<{ changedPaths: string[] }> {
    const before = JSON.stringify(this.current().config);
    const draft = structuredClone(this.current().config);
    change(draft);
    if (JSON.stringify(draft) === before) return { changedPaths: [] };
    this.set(draft);
    return { changedPaths: ["plugins"] };
  }
}

export interface InstallBench {
  readonly stateDir: string;
  readonly config: WritableConfig;
  readonly book: InstallBook;
  readonly host: PluginHost;
  readonly installer: PluginInstaller;
  install(
    spec: string,
    more?: Partial<InstallRequest> & { link?: boolean },
  ): ReturnType<PluginInstaller["install"]>;
  /** The next process on the same state and configuration. */
  restart(): Promise<InstallBench>;
  /** Folders of packages and of interrupted stagings. */
  leftovers(): Promise<{ packages: string[]; staging: string[] }>;
}

export interface InstallBenchOptions {
  stateDir?: string;
  config?: WritableConfig;
  hooks?: HookRunner;
  onStep?: (step: InstallStep) => void | Promise<void>;
  /** Where npm asks for packages; without one it is offline. */
  registry?: string;
  /** Folder of plugins that come with the gateway. */
  bundled?: string;
}

/** A running plugin host and an installer over one temporary state folder. */
export async function installBench(options: InstallBenchOptions = {}): Promise<InstallBench> {
  const stateDir = options.stateDir ?? (await temporaryFolder("sluice-install-"));
  const config = options.config ?? new WritableConfig();
  const book = await InstallBook.open(stateDir);
  const host = createPluginHost({
    config,
    roots: {
      ...(options.bundled === undefined ? {} : { bundled: options.bundled }),
      global: join(stateDir, "extensions"),
      get installed() {
        return book.folders();
      },
    },
    sdkFolder,
    stateDir,
    logger: silentLogger,
    clock: systemClock,
    runtimeFor: () => ({ version: "test" }) as unknown as PluginRuntime,
    importModule: importNatively,
  });
  onTestFinished(() => host.dispose());
  const installer = new PluginInstaller({
    book,
    config,
    host: installHostOf(host),
    hooks: options.hooks ?? host.hooks,
    clock: systemClock,
    logger: silentLogger,
    env: {
      ...process.env,
      ...(options.registry
        ? { npm_config_registry: options.registry, npm_config_cache: join(stateDir, "npm-cache") }
        : { npm_config_offline: "true" }),
    },
    hostVersion: "0.1.0",
    ...(options.onStep ? { onStep: options.onStep } : {}),
  });
  await installer.recover();
  await host.start();
  return {
    stateDir,
    config,
    book,
    host,
    installer,
    async install(spec, { link, ...more } = {}) {
      const source = await parseSource(spec, { cwd: stateDir, ...(link ? { link } : {}) });
      return installer.install({ source, consent: () => true, ...more });
    },
    async restart() {
      await host.dispose();
      return installBench({ ...options, stateDir, config });
    },
    async leftovers() {
      const list = (name: string) => readdir(join(stateDir, "plugins", name)).catch(() => [] as string[]);
      return { packages: await list("packages"), staging: await list("staging") };
    },
  };
}
