import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import type { Clock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/logger.ts";
import { Scope } from "../../kernel/scope.ts";
import type { PluginCandidate } from "../discovery/candidate.ts";
import { discoverPlugins } from "../discovery/discover.ts";
import { createPluginHost, type PluginHost } from "../host.ts";
import { ModuleLoader } from "../loading/load-module.ts";
import { loadPlugin } from "../loading/load-plugin.ts";
import { LoadTrace } from "../loading/load-trace.ts";
import type { LoadedPlugin } from "../loading/loaded-plugin.ts";
import { offlineRuntime } from "../loading/offline-runtime.ts";
import type { CoreNames } from "../registry/compose.ts";
import { buildSnapshot, type PluginMetadataSnapshot } from "../snapshot.ts";
import { Surroundings } from "../watchdog/surroundings.ts";

export interface BenchOptions {
  readonly folder: string;
  /** `plugins.entries.<id>.config` for every plugin of the folder. */
  readonly pluginConfig?: Readonly<Record<string, unknown>>;
  /** An empty folder of this run. */
  readonly stateDir: string;
  readonly sdkFolder: string;
  readonly clock: Clock;
  readonly importModule?: (url: string) => Promise<unknown>;
}

/** A plugin folder under test, with hosts of its own: temporary state, no network, nobody else's plugins. */
export class ContractBench {
  readonly options: BenchOptions;
  readonly candidates: readonly PluginCandidate[];
  readonly config: Readonly<Record<string, unknown>>;
  /** What loading changed for everybody in the process. */
  readonly changes = new Set<string>();
  /** Modules imported so far. */
  imports = 0;
  #versions = 0;

  constructor(options: BenchOptions, candidates: readonly PluginCandidate[]) {
    this.options = options;
    this.candidates = candidates;
    this.config = configFor(candidates, options);
  }

  get ids(): readonly string[] {
    return this.candidates.map(({ id }) => id);
  }

  /** What is known without running code. */
  async snapshot(): Promise<PluginMetadataSnapshot> {
    return buildSnapshot(await discoverPlugins({}, [this.options.folder]), this.config, undefined);
  }

  /** A host that serves this folder alone. The caller disposes it. */
  host(core: CoreNames = {}): { host: PluginHost; setEnabled(enabled: boolean): Promise<void> } {
    const { options } = this;
    let current = this.config;
    const host = createPluginHost({
      config: {
        current: () => ({ config: current, source: current }),
        onChange: () => ({ dispose() {} }),
      },
      roots: {},
      sdkFolder: options.sdkFolder,
      stateDir: options.stateDir,
      logger: silentLogger,
      clock: options.clock,
      core,
      runtimeFor: () => this.#runtime(),
      importModule: (url) => this.#import(url),
    });
    const setEnabled = async (enabled: boolean) => {
      current = configFor(this.candidates, options, enabled);
      await host.applyConfig();
    };
    return { host, setEnabled };
  }

  /** A host in which every plugin of the folder is running, also those that wait for their first use. */
  async running(core: CoreNames = {}): Promise<ReturnType<ContractBench["host"]>> {
    const bench = this.host(core);
    await bench.host.start();
    for (const { id, imported, status } of bench.host.records()) {
      if (!imported && status === "loaded") await bench.host.reload(id).catch(() => {});
    }
    return bench;
  }

  /** Registers one plugin in a mode, looks, and throws everything away. @throws PluginFailure */
  async inMode<T>(id: string, mode: PluginRegistrationMode, look: (loaded: LoadedPlugin) => T): Promise<T> {
    const known = (await this.snapshot()).find(id);
    if (!known) throw new Error(`"${id}" is not found`);
    const scope = new Scope("contract test");
    const importModule = (url: string) => this.#import(url);
    try {
      const loaded = await loadPlugin(
        {
          clock: this.options.clock,
          loader: new ModuleLoader({ sdkFolder: this.options.sdkFolder, importModule }),
          logger: silentLogger,
          parent: scope,
          workflow: {},
          watch: { monotonic: () => this.options.clock.monotonic(), onHeld: () => {} },
          surroundings: new Surroundings((pluginId, message) =>
            this.changes.add(`"${pluginId}": ${message}`),
          ),
          trace: new LoadTrace({ logger: silentLogger, clock: this.options.clock, env: {} }),
          config: () => this.config,
          runtimeFor: () => this.#runtime(),
          runtimeForInspection: () => this.#runtime(),
          onLateRegistration: () => {},
        },
        { known, mode, generation: 1, moduleVersion: ++this.#versions },
      );
      const result = look(loaded);
      loaded.instance.fence();
      return result;
    } finally {
      await scope.dispose();
    }
  }

  #runtime() {
    const { stateDir } = this.options;
    return offlineRuntime({ config: () => this.config, stateDir });
  }

  #import(url: string): Promise<unknown> {
    this.imports++;
    return (this.options.importModule ?? ((address: string) => import(address)))(url);
  }
}

function configFor(
  candidates: readonly PluginCandidate[],
  { folder, pluginConfig }: BenchOptions,
  enabled = true,
): Readonly<Record<string, unknown>> {
  const entries = Object.fromEntries(
    candidates.map(({ id }) => [
      id,
      {
        enabled,
        hooks: { allowConversationAccess: true },
        ...(pluginConfig ? { config: pluginConfig } : {}),
      },
    ]),
  );
  const ownerOf = (kind: "memory" | "context-engine") =>
    candidates.find(({ manifest }) => manifest?.kinds.includes(kind))?.id;
  const memory = ownerOf("memory");
  const contextEngine = ownerOf("context-engine");
  const slots = { ...(memory ? { memory } : {}), ...(contextEngine ? { contextEngine } : {}) };
  return { plugins: { load: { paths: [folder] }, allow: candidates.map(({ id }) => id), entries, slots } };
}
