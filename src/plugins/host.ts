import { join } from "node:path";
import type { CleanupReason, ReloadRegistration } from "../contracts/capabilities.ts";
import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import type {
  GatewayDiscoveryContext,
  PluginService,
  PluginServiceContext,
} from "../contracts/registrations.ts";
import type { PluginAgentEvent, PluginRuntime } from "../contracts/runtime.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { errorMessage, SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { Scope } from "../kernel/scope.ts";
import { registrationMode } from "./activation/mode.ts";
import {
  type ActivationPlan,
  type ActivationTrigger,
  planActivation,
  startupReason,
} from "./activation/planner.ts";
import { AgentEventFeed } from "./agent-events.ts";
import type { WorkflowServices } from "./api/workflow.ts";
import { changedBelow } from "./config/config-path.ts";
import { configSchemasOf, type PluginConfigSchemas } from "./config/config-schemas.ts";
import { discoverPlugins, type PluginRoots } from "./discovery/discover.ts";
import { Findings } from "./findings.ts";
import { TypedHookRunner } from "./hooks/runner.ts";
import { inspectPlugin, type PluginInspection } from "./inspect/inspect.ts";
import type { PluginInstance } from "./loading/instance.ts";
import { ModuleLoader } from "./loading/load-module.ts";
import {
  type LoadEnvironment,
  type LoadedPlugin,
  loadPlugin,
  PluginFailure,
  type RuntimeOwner,
} from "./loading/load-plugin.ts";
import { LoadTrace } from "./loading/load-trace.ts";
import { offlineRuntime } from "./loading/offline-runtime.ts";
import { recordOf } from "./record.ts";
import type { CoreNames } from "./registry/compose.ts";
import { PluginRegistry } from "./registry/registry.ts";
import { Retirement } from "./retirement.ts";
import { RunContexts } from "./run-contexts.ts";
import { type PluginEventSink, serviceEvents } from "./service-events.ts";
import { ServiceHost } from "./services.ts";
import { buildSnapshot, type KnownPlugin, type PluginMetadataSnapshot } from "./snapshot.ts";
import type { HookRunner, PluginDiagnostic, PluginRecord, RegistryEntry, RegistryReader } from "./types.ts";
import { ProcessWatch } from "./watchdog/index.ts";

export type PluginHostErrorCode = "PLUGIN_UNKNOWN" | "PLUGIN_DISABLED" | "PLUGIN_HOST_CLOSED";

/** The part of the configuration service that the host needs. */
export interface HostConfig {
  current(): {
    readonly config: Readonly<Record<string, unknown>>;
    readonly source: Readonly<Record<string, unknown>>;
  };
  onChange(listener: () => void): Disposable;
}

export interface PluginHostOptions {
  readonly config: HostConfig;
  readonly roots: PluginRoots;
  /** `<packageRoot>/dist/plugin-sdk`. */
  readonly sdkFolder: string;
  readonly stateDir: string;
  readonly workspaceDir?: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Builds `api.runtime` for one instance of a plugin, on its first use. */
  runtimeFor(pluginId: string, owner: RuntimeOwner): PluginRuntime;
  /** Names that belong to the gateway, by registry kind; plugins cannot take them. */
  readonly core?: CoreNames;
  readonly workflow?: WorkflowServices;
  /** Says whether loading is traced; see {@link LoadTrace}. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where events of plugin services go; without it services have no `gatewayEvents`. */
  readonly publishEvent?: PluginEventSink;
  /** Loads every plugin in this mode instead of the one that fits it; for processes that are no gateway. */
  readonly mode?: PluginRegistrationMode;
  /** Node's own `import()`, where a test runner rewrites it. */
  readonly importModule?: (url: string) => Promise<unknown>;
  /** The process belongs to this gateway alone: what plugins do to it is traced to them. */
  readonly process?: { readonly logFile: string };
}

export function createPluginHost(options: PluginHostOptions): PluginHost {
  return new PluginHost(options);
}

/**
 * Finds, loads, reloads and unloads plugins. Everything that is registered is in `registry.current()`, a
 * generation replaced in one assignment; `hooks` runs the typed hooks of that generation.
 */
export class PluginHost implements Disposable {
  readonly registry: RegistryReader;
  readonly hooks: HookRunner;
  readonly #options: PluginHostOptions;
  readonly #logger: Logger;
  readonly #scope = new Scope("plugin host");
  readonly #registry: PluginRegistry;
  readonly #environment: LoadEnvironment;
  readonly #services: ServiceHost;
  readonly #loaded = new Map<string, LoadedPlugin>();
  readonly #failures = new Map<string, PluginFailure>();
  readonly #moduleVersions = new Map<string, number>();
  readonly #runs = new RunContexts();
  readonly #events: AgentEventFeed;
  readonly #findings: Findings;
  readonly #retirement: Retirement;
  readonly #trace: LoadTrace;
  readonly #process: ProcessWatch | undefined;
  #snapshot: PluginMetadataSnapshot | undefined;
  #discovering: Promise<PluginMetadataSnapshot> | undefined;
  #applied: Readonly<Record<string, unknown>> = {};
  #generation = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.#logger = options.logger.child("plugins");
    this.#registry = new PluginRegistry(options.core ?? {}, (error) =>
      this.#logger.error("a listener of the registry failed", { error: errorMessage(error) }),
    );
    this.registry = this.#registry;
    this.hooks = new TypedHookRunner(this.#registry, options.clock, this.#logger.child("hooks"));
    this.#findings = new Findings(this.#logger);
    this.#retirement = new Retirement({
      clock: options.clock,
      findings: this.#findings,
      afterCallbacks: async (pluginId, reason) => {
        this.#runs.forget(pluginId);
        if (reason === "disable") await options.workflow?.cleanUp?.(pluginId, reason);
      },
    });
    if (options.process) {
      const watch = new ProcessWatch({
        clock: options.clock,
        logger: this.#logger,
        stateDir: options.stateDir,
        logFile: options.process.logFile,
        report: (pluginId, code, message) => this.#findings.report(pluginId, code, message),
      });
      this.#process = this.#scope.use(watch, "process watch");
    }
    this.#events = new AgentEventFeed(this.#registry, this.#runs, this.#logger);
    this.#trace = new LoadTrace({ logger: options.logger, clock: options.clock, env: options.env ?? {} });
    this.#environment = {
      clock: options.clock,
      loader: new ModuleLoader(options),
      logger: options.logger,
      parent: this.#scope,
      workflow: this.#workflow(options.workflow ?? {}),
      watch: {
        monotonic: () => options.clock.monotonic(),
        onHeld: (pluginId, ms) =>
          this.#findings.report(pluginId, "event-loop-held", `held everything up for ${Math.round(ms)} ms`),
      },
      trace: this.#trace,
      config: () => options.config.current().config,
      runtimeFor: (pluginId, owner) => options.runtimeFor(pluginId, owner),
      runtimeForInspection: () =>
        offlineRuntime({
          config: () => options.config.current().config,
          stateDir: options.stateDir,
        }),
      onLateRegistration: (instance) => this.#republish(instance),
    };
    this.#services = new ServiceHost({
      clock: options.clock,
      logger: this.#logger,
      contextFor: (entry) => this.#serviceContext(entry),
      onFailure: (entry, what) => this.#findings.report(entry.pluginId, "service-failed", what),
    });
  }

  /** Discovers plugins and loads those that the start needs. Services wait for {@link startServices}. */
  async start(): Promise<void> {
    await this.#process?.start();
    await this.#exclusive(async () => {
      const snapshot = await this.snapshot();
      this.#applied = this.#options.config.current().config;
      await this.#loadAll(this.#wanted(snapshot));
    });
    this.#scope.use(
      this.#options.config.onChange(() => void this.applyConfig().catch((error) => this.#logFailure(error))),
      "configuration listener",
    );
  }

  /** Metadata of every plugin at the current configuration; runs no plugin code. */
  async snapshot(): Promise<PluginMetadataSnapshot> {
    if (this.#snapshot) return this.#snapshot;
    this.#discovering ??= this.#trace
      .phase("discover", undefined, () => this.#discover())
      .finally(() => {
        this.#discovering = undefined;
      });
    return this.#discovering;
  }

  /** JSON Schemas of plugin and channel settings, from manifests alone. */
  async configSchemas(): Promise<PluginConfigSchemas> {
    return configSchemasOf(await this.snapshot());
  }

  /** Which enabled plugins a trigger concerns, and why. */
  async plan(trigger: ActivationTrigger): Promise<ActivationPlan> {
    return planActivation((await this.snapshot()).plugins, trigger);
  }

  /** Loads the enabled plugins a trigger concerns, if they are not loaded yet. */
  async activate(trigger: ActivationTrigger): Promise<void> {
    const { pluginIds } = await this.plan(trigger);
    if (pluginIds.every((id) => this.#loaded.has(id) || this.#failures.has(id))) return;
    await this.#exclusive(async () => {
      const snapshot = await this.snapshot();
      await this.#loadAll(snapshot.plugins.filter(({ candidate }) => pluginIds.includes(candidate.id)));
    });
  }

  /** Loads the other enabled plugins that do not insist on waiting for a trigger. */
  async activateRest(): Promise<void> {
    await this.#exclusive(async () => {
      const snapshot = await this.snapshot();
      const rest = snapshot.plugins.filter(
        ({ candidate, decision }) => decision.enabled && candidate.manifest?.activation.onStartup !== false,
      );
      await this.#loadAll(rest);
    });
  }

  /** Starts background services, now and for plugins loaded later. Call when the gateway accepts connections. */
  async startServices(): Promise<void> {
    await this.#services.startServices(this.#registry.current());
  }

  /** Starts announcing the gateway; call only when local discovery is on. */
  async startDiscovery(context: GatewayDiscoveryContext): Promise<void> {
    await this.#services.startDiscovery(context, this.#registry.current());
  }

  /** Follows the configuration: loads, reloads and unloads what it changed, and nothing else. */
  async applyConfig(): Promise<void> {
    await this.#exclusive(async () => {
      this.#snapshot = undefined;
      const before = this.#applied;
      const after = this.#options.config.current().config;
      this.#applied = after;
      const snapshot = await this.snapshot();
      const wanted = this.#wanted(snapshot);
      const retiring: LoadedPlugin[] = [];
      const changed: KnownPlugin[] = [];
      for (const plugin of [...this.#loaded.values()]) {
        const { id } = plugin.known.candidate;
        const next = snapshot.find(id);
        if (!next?.decision.enabled || next.candidate.id !== id) retiring.push(plugin);
        else if (this.#needsNewInstance(plugin, next, before, after)) changed.push(next);
        else this.#loaded.set(id, { ...plugin, known: next });
      }
      for (const id of [...this.#failures.keys()]) this.#failures.delete(id);
      for (const plugin of retiring) this.#loaded.delete(plugin.known.candidate.id);
      const replaced = await this.#replaceAll(changed, false);
      await this.#loadAll(wanted, retiring.length > 0);
      await this.#services.restart((entry) => {
        const prefixes = (entry.value as PluginService).reload?.configPrefixes ?? [];
        return changedBelow(prefixes, before, after);
      }, this.#registry.current());
      await this.#retire(retiring, "disable");
      await this.#retire(replaced, "restart");
    });
  }

  /**
   * Loads a plugin's code anew while the gateway serves. When that fails the old instance goes on serving.
   *
   * @throws SluiceError `PLUGIN_UNKNOWN`, `PLUGIN_DISABLED`, or the {@link PluginFailure} of the new load
   */
  async reload(id: string): Promise<void> {
    await this.#exclusive(async () => {
      this.#snapshot = undefined;
      const known = (await this.snapshot()).find(id);
      if (!known) throw new SluiceError<PluginHostErrorCode>("PLUGIN_UNKNOWN", `there is no plugin "${id}"`);
      if (!known.decision.enabled) {
        throw new SluiceError<PluginHostErrorCode>(
          "PLUGIN_DISABLED",
          `plugin "${id}" is off (${known.decision.reason}); enable it first`,
        );
      }
      const key = known.candidate.id;
      this.#moduleVersions.set(key, (this.#moduleVersions.get(key) ?? 0) + 1);
      const failure = this.#failures.get(key);
      this.#failures.delete(key);
      const replaced = await this.#replaceAll([known], true).catch((error: unknown) => {
        if (failure && !this.#loaded.has(key)) this.#failures.set(key, failure);
        throw error;
      });
      await this.#retire(replaced, "restart");
    });
  }

  /** Rows of all plugins, for lists; reads no files. Empty before {@link start}. */
  records(): readonly PluginRecord[] {
    return (this.#snapshot?.plugins ?? []).map((known) => this.#record(known));
  }

  /** Everything about one plugin. One that is enabled but not loaded is registered without effect to see it. */
  async inspect(id: string): Promise<PluginInspection | undefined> {
    const known = (await this.snapshot()).find(id);
    if (!known) return undefined;
    const loaded = this.#loaded.get(known.candidate.id);
    const record = this.#record(known);
    const live = loaded?.mode === "full";
    if (live || known.candidate.format === "bundle" || record.status === "error") {
      return inspectPlugin({
        known,
        record,
        loaded,
        generation: this.#registry.current(),
        sdkFolder: this.#options.sdkFolder,
      });
    }
    return this.#inspectCold(known, record);
  }

  /** Findings about plugins as a whole; those of one plugin are in its record. */
  diagnostics(): readonly PluginDiagnostic[] {
    return this.#snapshot?.diagnostics ?? [];
  }

  /** Hands an event of an agent run to subscribed plugins. Resolves when they are done; callers need not wait. */
  deliverAgentEvent(event: PluginAgentEvent): Promise<void> {
    return this.#events.deliver(event);
  }

  /** Calls clean-up callbacks of all plugins, for a session or run that ends (spec 2.19). */
  async cleanUp(reason: CleanupReason, target: { sessionKey?: string; runId?: string }): Promise<void> {
    for (const plugin of this.#loaded.values()) await this.#retirement.cleanUp(plugin, reason, target);
  }

  async dispose(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue.catch(() => {});
    await this.#services.stopAll();
    const plugins = [...this.#loaded.values()].reverse();
    this.#loaded.clear();
    this.#registry.publish([]);
    await this.#retirement.retire(plugins, "restart", 0);
    this.#snapshot = undefined;
    await this.#scope.dispose();
  }

  async #discover(): Promise<PluginMetadataSnapshot> {
    const { config, roots, workspaceDir } = this.#options;
    const current = config.current().config;
    const section = current["plugins"] as { load?: { paths?: unknown } } | undefined;
    const paths = Array.isArray(section?.load?.paths) ? section.load.paths : [];
    const discovery = await discoverPlugins(
      roots,
      paths.filter((path): path is string => typeof path === "string" && path.trim() !== "").map(expandHome),
    );
    const snapshot = buildSnapshot(discovery, current, workspaceDir);
    for (const diagnostic of snapshot.diagnostics) this.#log(diagnostic);
    this.#snapshot = snapshot;
    this.#process?.follow(snapshot);
    return snapshot;
  }

  /** What a fresh start with this configuration would load. */
  #wanted(snapshot: PluginMetadataSnapshot): readonly KnownPlugin[] {
    const config = this.#options.config.current().config;
    return snapshot.plugins.filter((known) => startupReason(known, config) !== undefined);
  }

  #needsNewInstance(
    plugin: LoadedPlugin,
    next: KnownPlugin,
    before: Readonly<Record<string, unknown>>,
    after: Readonly<Record<string, unknown>>,
  ): boolean {
    if (signature(next) !== signature(plugin.known) || this.#mode(next) !== plugin.mode) return true;
    const hot = plugin.draft.items
      .filter(({ row }) => row.kind === "reload")
      .flatMap(({ value }) => (value as ReloadRegistration).hotPrefixes ?? []);
    return changedBelow(hot, before, after);
  }

  /** Imports and registers in load order, publishes once. Failures stay with their plugin. */
  async #loadAll(plugins: readonly KnownPlugin[], publishAnyway = false): Promise<void> {
    const missing = plugins.filter(
      ({ candidate, decision }) =>
        decision.enabled &&
        candidate.format === "openclaw" &&
        !this.#loaded.has(candidate.id) &&
        !this.#failures.has(candidate.id),
    );
    const results = await Promise.all(missing.map((known) => this.#tryLoad(known)));
    for (const plugin of results) if (plugin) this.#loaded.set(plugin.known.candidate.id, plugin);
    if (publishAnyway || results.some((plugin) => plugin !== undefined)) await this.#publish();
  }

  async #tryLoad(known: KnownPlugin): Promise<LoadedPlugin | undefined> {
    try {
      return await this.#load(known, this.#mode(known));
    } catch (error) {
      this.#fail(known, error);
      return undefined;
    }
  }

  #mode(known: KnownPlugin): PluginRegistrationMode {
    return this.#options.mode ?? registrationMode(known, this.#options.config.current().config);
  }

  #load(known: KnownPlugin, mode: PluginRegistrationMode, inspection = false): Promise<LoadedPlugin> {
    const moduleVersion = this.#moduleVersions.get(known.candidate.id) ?? 0;
    const generation = ++this.#generation;
    return loadPlugin(this.#environment, { known, mode, generation, moduleVersion, inspection });
  }

  /** Loads replacements and publishes them; returns the instances they replaced. */
  async #replaceAll(plugins: readonly KnownPlugin[], rethrow: boolean): Promise<LoadedPlugin[]> {
    const replaced: LoadedPlugin[] = [];
    for (const known of plugins) {
      const { id } = known.candidate;
      try {
        const next = await this.#load(known, this.#mode(known));
        const previous = this.#loaded.get(id);
        this.#loaded.set(id, next);
        if (previous) replaced.push(previous);
      } catch (error) {
        if (rethrow) {
          this.#findings.report(id, "reload-failed", `the old version goes on: ${errorMessage(error)}`);
          throw error;
        }
        // The configuration no longer fits what is running: as a fresh start would, run without it.
        const previous = this.#loaded.get(id);
        this.#loaded.delete(id);
        if (previous) replaced.push(previous);
        this.#fail(known, error);
      }
    }
    if (plugins.length > 0) await this.#publish();
    return replaced;
  }

  #publish(): Promise<void> {
    return this.#trace.phase("publish", undefined, () => this.#publishLoaded());
  }

  async #retire(plugins: readonly LoadedPlugin[], reason: "disable" | "restart"): Promise<void> {
    if (plugins.length === 0) return;
    const ids = plugins.map(({ known }) => known.candidate.id).join(", ");
    await this.#trace.phase("retire", ids, () => this.#retirement.retire(plugins, reason));
  }

  async #publishLoaded(): Promise<void> {
    const generation = this.#registry.publish(
      [...this.#loaded.values()].map(({ draft, known }) => ({ draft, slot: known.slot })),
    );
    const gone = (entry: RegistryEntry) => !generation.list(entry.kind).includes(entry);
    await this.#services.stop(gone);
    await this.#services.follow(generation);
  }

  /** A registration that arrived while the plugin was running. */
  #republish(instance: PluginInstance): void {
    const plugin = this.#loaded.get(instance.pluginId);
    if (plugin?.instance !== instance || this.#closed) return;
    void this.#publish().catch((error) => this.#logFailure(error));
  }

  async #inspectCold(known: KnownPlugin, record: PluginRecord): Promise<PluginInspection> {
    const parts = { known, record, sdkFolder: this.#options.sdkFolder };
    if (!known.decision.enabled) return inspectPlugin({ ...parts, loaded: undefined, generation: undefined });
    let captured: LoadedPlugin | undefined;
    const registry = new PluginRegistry(this.#options.core ?? {}, () => {});
    try {
      captured = await this.#load(known, "discovery", true);
      if (captured.draft.items.length === 0) captured = await this.#lookAgain(known, captured);
      registry.publish([{ draft: captured.draft, slot: known.slot }]);
      return await inspectPlugin({ ...parts, loaded: captured, generation: registry.current() });
    } catch (error) {
      const failure = error instanceof PluginFailure ? error : undefined;
      const failed: PluginRecord = { ...record, status: "error", error: errorMessage(error) };
      return inspectPlugin({ ...parts, record: failed, loaded: undefined, generation: undefined, failure });
    } finally {
      if (captured) await letGo(captured);
    }
  }

  /** Some plugins register nothing before they run for good; registering them in full shows what. */
  async #lookAgain(known: KnownPlugin, first: LoadedPlugin): Promise<LoadedPlugin> {
    const second = await this.#load(known, "full", true);
    if (second.draft.items.length === 0) {
      await letGo(second);
      return first;
    }
    await letGo(first);
    second.draft.note({
      level: "info",
      code: "registers-only-in-full",
      message: 'registers nothing in mode "discovery"; shown is what it registers when it runs',
    });
    return second;
  }

  #record(known: KnownPlugin): PluginRecord {
    const { id } = known.candidate;
    return recordOf({
      known,
      loaded: this.#loaded.get(id),
      failure: this.#failures.get(id),
      conflicts: this.#registry.conflictsOf(id),
      findings: this.#findings.of(id),
    });
  }

  /** Run contexts live here; the rest is what the rooms above provide. */
  #workflow(services: WorkflowServices): WorkflowServices {
    const runs = this.#runs;
    return {
      ...services,
      setRunContext: (pluginId, params) => runs.set(pluginId, params),
      getRunContext: (pluginId, params) => runs.get(pluginId, params),
      clearRunContext: (pluginId, params) => runs.clear(pluginId, params),
    };
  }

  #serviceContext(entry: RegistryEntry<PluginService>): PluginServiceContext {
    const { pluginId } = entry;
    const plugin = this.#loaded.get(pluginId);
    const logger = this.#options.logger.child(`plugin/${pluginId}/${entry.key}`);
    const { workspaceDir, config, publishEvent } = this.#options;
    const signal = plugin?.instance.signal ?? AbortSignal.abort();
    return {
      get config() {
        return config.current().config;
      },
      stateDir: join(this.#options.stateDir, "plugins", encodeURIComponent(pluginId)),
      ...(workspaceDir ? { workspaceDir } : {}),
      logger,
      signal,
      ...(publishEvent ? { gatewayEvents: serviceEvents(pluginId, publishEvent, signal) } : {}),
      serviceHealth: {
        reportFailure: (error) => this.#findings.report(pluginId, "service-failed", errorMessage(error)),
        clearFailure: () => this.#findings.clear(pluginId, "service-failed"),
      },
    };
  }

  #fail(known: KnownPlugin, error: unknown): void {
    const { id } = known.candidate;
    const failure =
      error instanceof PluginFailure
        ? error
        : new PluginFailure("load", "load-failed", errorMessage(error), error);
    this.#failures.set(id, failure);
    this.#logger.error(`plugin "${id}" is not loaded: ${failure.message}`, {
      pluginId: id,
      code: failure.code,
    });
  }

  #log({ level, code, message }: PluginDiagnostic): void {
    if (level !== "info") this.#logger[level](message, { code });
  }

  #logFailure(error: unknown): void {
    this.#logger.error("plugins could not follow a change", { error: errorMessage(error) });
  }

  /** One change of the set of plugins at a time. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new SluiceError<PluginHostErrorCode>("PLUGIN_HOST_CLOSED", "the gateway is shutting down"),
      );
    }
    const next = this.#queue.then(work, work);
    this.#queue = next.catch(() => {});
    return next;
  }
}

/** Ends an instance that was only looked at. */
async function letGo({ instance }: LoadedPlugin): Promise<void> {
  instance.fence();
  await instance.scope.dispose().catch(() => {});
}

/** What a loaded instance depends on; a change of it needs a new instance (spec 2.19). */
function signature(known: KnownPlugin): string {
  const { candidate, decision, entry, memorySelected, contextEngineSelected } = known;
  const { realRoot, entry: file, manifest } = candidate;
  const { enabled, explicitlyEnabled } = decision;
  return JSON.stringify([
    realRoot,
    file,
    manifest,
    enabled,
    explicitlyEnabled,
    entry.raw,
    memorySelected,
    contextEngineSelected,
  ]);
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(process.env["HOME"] ?? "", path.slice(2)) : path;
}
