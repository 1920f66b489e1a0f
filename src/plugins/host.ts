import { join } from "node:path";
import type { CleanupReason } from "../contracts/capabilities.ts";
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
import { packageRoot } from "../kernel/package-root.ts";
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
import type { DiagnosticCode } from "./diagnostic-codes.ts";
import { type DiscoveryResult, discoverPlugins, type PluginRoots } from "./discovery/discover.ts";
import { type FacadeRequest, Facades } from "./facades/facades.ts";
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
import { hasNewSettings, needsNewInstance, signature } from "./replacement.ts";
import { Retirement } from "./retirement.ts";
import { RunContexts } from "./run-contexts.ts";
import { type PluginEventSink, serviceEvents } from "./service-events.ts";
import { ServiceHost } from "./services.ts";
import { buildSnapshot, type KnownPlugin, type PluginMetadataSnapshot } from "./snapshot.ts";
import type { HookRunner, PluginDiagnostic, PluginRecord, RegistryEntry, RegistryReader } from "./types.ts";
import { ProcessWatch } from "./watchdog/index.ts";
import { Leftovers } from "./watchdog/leftovers.ts";
import { Surroundings } from "./watchdog/surroundings.ts";

export type PluginHostErrorCode = "PLUGIN_UNKNOWN" | "PLUGIN_DISABLED" | "PLUGIN_HOST_CLOSED";

type Config = Readonly<Record<string, unknown>>;

interface Followed {
  /** Resolves when the instances that had to go are gone, calls in flight and all. */
  readonly gone: Promise<unknown>;
  /** Why the plugin that was to be reloaded was not. */
  readonly refusal?: Error | undefined;
}

/** Why a plugin does not run, and the signature it was tried with. */
interface Failure {
  readonly failure: PluginFailure;
  readonly tried: string;
}

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

/** Triggers of which the host remembers that nothing is left to load. */
const MAX_REMEMBERED_TRIGGERS = 256;

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
  readonly #hooks: TypedHookRunner;
  readonly #environment: LoadEnvironment;
  readonly #facades: Facades;
  readonly #services: ServiceHost;
  readonly #loaded = new Map<string, LoadedPlugin>();
  readonly #failures = new Map<string, Failure>();
  /** Of these an instance ran before. */
  readonly #ran = new Set<string>();
  /** Loaded because somebody asked, not because the start needs them. */
  readonly #asked = new Set<string>();
  /** Triggers whose plugins are loaded, by the snapshot that said which those are. */
  readonly #satisfied = new WeakMap<PluginMetadataSnapshot, Set<string>>();
  readonly #runs = new RunContexts();
  readonly #events: AgentEventFeed;
  readonly #findings: Findings;
  readonly #retirement: Retirement;
  readonly #trace: LoadTrace;
  readonly #process: ProcessWatch | undefined;
  #snapshot: PluginMetadataSnapshot | undefined;
  /** The newest look at folders and configuration, while it is under way. */
  #looking: Promise<PluginMetadataSnapshot> | undefined;
  #applied: Config = {};
  #published: readonly number[] = [];
  /** What the newest look made of manifests, for the next one. */
  #manifests: DiscoveryResult["manifests"] = new Map();
  /** What {@link announceStart} was told. */
  #started: { readonly event: object; context(): object } | undefined;
  #restAsked = false;
  #generation = 0;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #stopping = new AbortController();
  /** Instances that are being retired, by plugin. Nothing else waits for them, but a new one after a disable. */
  readonly #leaving = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.#logger = options.logger.child("plugins");
    this.#registry = new PluginRegistry(options.core ?? {}, (error) =>
      this.#logger.error("a listener of the registry failed", { error: errorMessage(error) }),
    );
    this.registry = this.#registry;
    this.#hooks = new TypedHookRunner(this.#registry, options.clock, this.#logger.child("hooks"));
    this.hooks = this.#hooks;
    this.#findings = new Findings(this.#logger);
    this.#retirement = new Retirement({
      clock: options.clock,
      findings: this.#findings,
      stopping: this.#stopping.signal,
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
    const loader = new ModuleLoader(options);
    this.#facades = new Facades(loader);
    this.#environment = {
      clock: options.clock,
      loader,
      logger: options.logger,
      parent: this.#scope,
      workflow: this.#workflow(options.workflow ?? {}),
      watch: {
        monotonic: () => options.clock.monotonic(),
        onHeld: (pluginId, ms) =>
          this.#findings.report(pluginId, "event-loop-held", `held everything up for ${Math.round(ms)} ms`),
      },
      trace: this.#trace,
      ...(options.process ? this.#processGuards() : {}),
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

  /** What a process that belongs to this gateway alone lets the host do about its plugins. */
  #processGuards(): Pick<LoadEnvironment, "surroundings" | "leftovers"> {
    const reporting = (code: DiagnosticCode) => (pluginId: string, message: string) =>
      this.#findings.report(pluginId, code, message);
    const root = packageRoot();
    const own = ["bin", "dist", "src", "node_modules"].map((folder) => join(root, folder));
    return {
      surroundings: new Surroundings(reporting("surroundings-changed")),
      leftovers: this.#scope.use(new Leftovers(reporting("resources-left"), own), "what plugins leave open"),
    };
  }

  /** Discovers plugins and loads those that the start needs. Services wait for {@link startServices}. */
  async start(): Promise<void> {
    await this.#process?.start();
    const { config } = this.#options;
    // Before anything is read: a change that arrives while plugins load waits for its turn.
    this.#scope.use(
      config.onChange(() => void this.applyConfig().catch((error) => this.#logFailure(error))),
      "configuration listener",
    );
    await this.#exclusive(async () => {
      this.#applied = config.current().config;
      const snapshot = await this.snapshot();
      await this.#loadAll(snapshot.plugins.filter((known) => this.#isWanted(known)));
    });
  }

  /** Metadata of every plugin at the current configuration; runs no plugin code. */
  async snapshot(): Promise<PluginMetadataSnapshot> {
    return this.#looking ?? this.#snapshot ?? this.#look(this.#options.config.current().config);
  }

  /** JSON Schemas of plugin and channel settings, from manifests alone. */
  async configSchemas(): Promise<PluginConfigSchemas> {
    return configSchemasOf(await this.snapshot());
  }

  /** Which enabled plugins a trigger concerns, and why. */
  async plan(trigger: ActivationTrigger): Promise<ActivationPlan> {
    return planActivation((await this.snapshot()).plugins, trigger);
  }

  /** Loads the enabled plugins a trigger concerns, if they are not loaded yet. Cheap to ask again. */
  async activate(trigger: ActivationTrigger): Promise<void> {
    const asked = JSON.stringify(trigger);
    const known = this.#snapshot;
    if (known && this.#satisfied.get(known)?.has(asked)) return;
    const { pluginIds } = await this.plan(trigger);
    if (!pluginIds.every((id) => this.#loaded.has(id) || this.#failures.has(id))) {
      await this.#exclusive(async () => {
        const snapshot = await this.snapshot();
        for (const id of pluginIds) this.#asked.add(id);
        await this.#loadAll(snapshot.plugins.filter(({ candidate }) => pluginIds.includes(candidate.id)));
      });
    }
    if (known && known === this.#snapshot) this.#satisfy(known, asked);
  }

  #satisfy(snapshot: PluginMetadataSnapshot, asked: string): void {
    const triggers = this.#satisfied.get(snapshot) ?? new Set();
    // Names of models come from outside; a set that grew too long begins anew.
    if (triggers.size >= MAX_REMEMBERED_TRIGGERS) triggers.clear();
    this.#satisfied.set(snapshot, triggers.add(asked));
  }

  /** Loads the other enabled plugins that do not insist on waiting for a trigger, now and from now on. */
  async activateRest(): Promise<void> {
    await this.#exclusive(async () => {
      this.#restAsked = true;
      const snapshot = await this.snapshot();
      await this.#loadAll(snapshot.plugins.filter((known) => this.#isWanted(known)));
    });
  }

  /** Starts background services, now and for plugins loaded later. Call when the gateway accepts connections. */
  async startServices(): Promise<void> {
    await this.#services.startServices(this.#registry.current());
  }

  /**
   * Tells plugins that the gateway accepts connections (hook `gateway_start`): all that run now, and every
   * instance that is made later, when its services run (spec 2.19).
   */
  async announceStart(event: { readonly port: number }, context: () => object): Promise<void> {
    this.#started = { event, context };
    await this.#hooks.run("gateway_start", event, context());
  }

  /** Starts announcing the gateway; call only when local discovery is on. */
  async startDiscovery(context: GatewayDiscoveryContext): Promise<void> {
    await this.#services.startDiscovery(context, this.#registry.current());
  }

  /** Follows the configuration: loads, reloads and unloads what it changed, and nothing else. */
  async applyConfig(): Promise<void> {
    const { gone } = await this.#exclusive(() => this.#follow());
    await gone;
  }

  /**
   * Loads a plugin's code anew while the gateway serves. When that fails the old instance goes on serving.
   *
   * @throws SluiceError `PLUGIN_UNKNOWN`, `PLUGIN_DISABLED`, or the {@link PluginFailure} of the new load
   */
  async reload(id: string): Promise<void> {
    const { gone, refusal } = await this.#exclusive(() => this.#follow(id));
    await gone;
    if (refusal) throw refusal;
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

  /**
   * A public file of a plugin, for the core and for other plugins (spec 6.9).
   *
   * @throws SluiceError with a `FacadeErrorCode`, or what loading the file throws
   */
  async facade(request: FacadeRequest): Promise<object> {
    const versionOf = (id: string) => this.#loaded.get(id)?.moduleVersion ?? 0;
    return this.#facades.load(await this.snapshot(), request, versionOf);
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
    this.#stopping.abort();
    await this.#queue.catch(() => {});
    await this.#services.stopAll();
    const plugins = [...this.#loaded.values()].reverse();
    this.#loaded.clear();
    this.#registry.publish([]);
    await Promise.all([...this.#leaving.values(), this.#retirement.retire(plugins, "restart", 0)]);
    this.#snapshot = undefined;
    await this.#scope.dispose();
  }

  /** Looks at folders and configuration. What was known before stays visible until the look is over. */
  #look(config: Config): Promise<PluginMetadataSnapshot> {
    const look: Promise<PluginMetadataSnapshot> = this.#trace
      .phase("discover", undefined, () => this.#discover(config))
      .then((snapshot) => {
        if (this.#looking === look) this.#know(snapshot);
        return snapshot;
      })
      .finally(() => {
        if (this.#looking === look) this.#looking = undefined;
      });
    this.#looking = look;
    return look;
  }

  #know(snapshot: PluginMetadataSnapshot): void {
    this.#snapshot = snapshot;
    this.#process?.follow(snapshot);
    for (const id of [...this.#asked]) if (!snapshot.find(id)?.decision.enabled) this.#asked.delete(id);
  }

  async #discover(config: Config): Promise<PluginMetadataSnapshot> {
    const { roots, workspaceDir } = this.#options;
    const section = config["plugins"] as { load?: { paths?: unknown } } | undefined;
    const paths = Array.isArray(section?.load?.paths) ? section.load.paths : [];
    const discovery = await discoverPlugins(
      roots,
      paths.filter((path): path is string => typeof path === "string" && path.trim() !== "").map(expandHome),
      this.#manifests,
    );
    this.#manifests = discovery.manifests;
    const snapshot = buildSnapshot(discovery, config, workspaceDir);
    for (const diagnostic of snapshot.diagnostics) this.#log(diagnostic);
    return snapshot;
  }

  /** Whether a fresh start that was asked the same would load it. */
  #isWanted(known: KnownPlugin): boolean {
    const { candidate, decision } = known;
    if (!decision.enabled || candidate.format !== "openclaw") return false;
    if (this.#asked.has(candidate.id) || startupReason(known, this.#applied) !== undefined) return true;
    return this.#restAsked && candidate.manifest?.activation.onStartup !== false;
  }

  /**
   * Brings what runs in line with folders and configuration, as a fresh start would have it; `reloading` gets
   * its code read anew even when nothing says that it changed. One generation is published for all of it.
   */
  async #follow(reloading?: string): Promise<Followed> {
    const before = this.#applied;
    const after = this.#options.config.current().config;
    const snapshot = await this.#look(after);
    this.#applied = after;
    const named = reloading === undefined ? undefined : snapshot.find(reloading);
    const reloaded = named?.decision.enabled ? named : undefined;
    if (reloaded && !this.#isWanted(reloaded)) this.#asked.add(reloaded.candidate.id);
    const disabled: LoadedPlugin[] = [];
    const replaced: LoadedPlugin[] = [];
    const due = new Set<KnownPlugin>();
    for (const [id, plugin] of [...this.#loaded]) {
      const next = snapshot.find(id);
      const enabled = next?.decision.enabled === true && next.candidate.id === id;
      if (enabled && this.#isWanted(next)) {
        const anew = next === reloaded || needsNewInstance(plugin, next, this.#mode(next), before, after);
        if (anew) due.add(next);
        else this.#loaded.set(id, { ...plugin, known: next });
        continue;
      }
      this.#unload(id);
      (enabled ? replaced : disabled).push(plugin);
    }
    for (const [id, { tried }] of [...this.#failures]) {
      const next = snapshot.find(id);
      // Settings anywhere may be what it missed; the reload of another plugin is no reason to try again.
      const stands = next !== undefined && next !== reloaded && signature(next) === tried;
      if (reloading === undefined || !stands) this.#failures.delete(id);
    }
    for (const known of snapshot.plugins) if (this.#isMissing(known)) due.add(known);
    const untouched = this.#registry.current();
    const refusal = await this.#replace([...due], reloaded, replaced, before);
    await this.#publishChanges();
    await this.#services.restart((entry) => {
      const prefixes = (entry.value as PluginService).reload?.configPrefixes ?? [];
      return untouched.list(entry.kind).includes(entry) && changedBelow(prefixes, before, after);
    }, this.#registry.current());
    const gone = this.#retire(disabled, replaced);
    if (reloading === undefined || reloaded) return { gone, refusal };
    return { gone, refusal: notReloaded(reloading, named) };
  }

  /** What was found out about an instance goes with it. */
  #unload(id: string): void {
    if (this.#loaded.delete(id)) this.#findings.forget(id, this.#findings.of(id));
  }

  #isMissing(known: KnownPlugin): boolean {
    const { id } = known.candidate;
    return this.#isWanted(known) && !this.#loaded.has(id) && !this.#failures.has(id);
  }

  /**
   * Loads `due` and puts it in the place of what ran before, which is added to `replaced`.
   *
   * @returns why the reloaded one failed
   */
  async #replace(
    due: readonly KnownPlugin[],
    reloaded: KnownPlugin | undefined,
    replaced: LoadedPlugin[],
    before: Config,
  ): Promise<PluginFailure | undefined> {
    let refusal: PluginFailure | undefined;
    const outcomes = await Promise.all(
      due.map(async (known) => ({ known, next: await this.#tryLoad(known, known === reloaded) })),
    );
    for (const { known, next } of outcomes) {
      const { id } = known.candidate;
      const previous = this.#loaded.get(id);
      if (next instanceof PluginFailure && known === reloaded) refusal = next;
      const fits =
        previous !== undefined && !hasNewSettings(previous, known, this.#mode(known), before, this.#applied);
      if (next instanceof PluginFailure && known === reloaded && fits) {
        this.#findings.report(id, "reload-failed", `the old version goes on: ${errorMessage(next)}`);
        this.#loaded.set(id, { ...previous, known: { ...previous.known, slot: known.slot } });
        continue;
      }
      if (previous) replaced.push(previous);
      // What a configuration no longer fits does not run, as after a fresh start.
      if (next instanceof PluginFailure) {
        this.#unload(id);
        this.#fail(known, next);
      } else this.#loaded.set(id, next);
    }
    return refusal;
  }

  /** Imports and registers in load order, publishes once. Failures stay with their plugin. */
  async #loadAll(plugins: readonly KnownPlugin[]): Promise<void> {
    const enabled = plugins.filter(
      ({ candidate, decision }) => decision.enabled && candidate.format === "openclaw",
    );
    await this.#replace(
      enabled.filter(({ candidate: { id } }) => !this.#loaded.has(id) && !this.#failures.has(id)),
      undefined,
      [],
      this.#applied,
    );
    await this.#publishChanges();
  }

  /** What was found out about earlier instances is forgotten when a new one takes over. */
  async #tryLoad(known: KnownPlugin, anew: boolean): Promise<LoadedPlugin | PluginFailure> {
    const { id } = known.candidate;
    if (!this.#loaded.has(id)) await this.#leaving.get(id);
    const outdated = this.#ran.has(id) ? this.#findings.of(id) : [];
    try {
      const loaded = await this.#load(known, this.#mode(known), { anew });
      this.#findings.forget(id, outdated);
      this.#ran.add(id);
      return loaded;
    } catch (error) {
      return error instanceof PluginFailure
        ? error
        : new PluginFailure("load", "load-failed", errorMessage(error), error);
    }
  }

  #mode(known: KnownPlugin): PluginRegistrationMode {
    return this.#options.mode ?? registrationMode(known, this.#applied);
  }

  /** Code that came along with the gateway is what it is; that of others may have changed since it last ran. */
  #load(
    known: KnownPlugin,
    mode: PluginRegistrationMode,
    { anew = false, inspection = false } = {},
  ): Promise<LoadedPlugin> {
    const { entry, origin } = known.candidate;
    const { loader } = this.#environment;
    const readAnew = !inspection && (anew || origin !== "bundled");
    const moduleVersion = entry === undefined ? 0 : loader.versionOf(entry, readAnew);
    const generation = ++this.#generation;
    return loadPlugin(this.#environment, { known, mode, generation, moduleVersion, inspection });
  }

  /** Publishes when plugins came, went, were replaced or changed places. */
  async #publishChanges(): Promise<void> {
    const plugins = [...this.#loaded.values()].sort((a, b) => a.known.slot - b.known.slot);
    const order = plugins.map(({ instance }) => instance.generation);
    const before = this.#published;
    if (order.join() === before.join()) return;
    this.#published = order;
    await this.#publish();
    const added = plugins.filter(({ instance }) => !before.includes(instance.generation));
    const ids = new Set(added.map(({ instance }) => instance.pluginId));
    if (!this.#started || ids.size === 0) return;
    const { event, context } = this.#started;
    // Nobody waits: what a plugin does at the start may take its time.
    this.#hooks
      .tell("gateway_start", event, context(), (id) => ids.has(id))
      .catch((error) => this.#logFailure(error));
  }

  #publish(): Promise<void> {
    return this.#trace.phase("publish", undefined, () => this.#publishLoaded());
  }

  /** Starts to retire instances. Others load and unload meanwhile: a call may take long, and need one of them. */
  #retire(disabled: readonly LoadedPlugin[], replaced: readonly LoadedPlugin[]): Promise<unknown> {
    const plugins = [...disabled, ...replaced];
    if (plugins.length === 0) return Promise.resolve();
    const ids = plugins.map(({ instance }) => instance.pluginId);
    const work = async () => {
      await this.#retirement.retire(disabled, "disable");
      await this.#retirement.retire(replaced, "restart");
    };
    const gone = this.#trace
      .phase("retire", ids.join(", "), work)
      .catch((error: unknown) => this.#logFailure(error));
    for (const id of ids) this.#leave(id, gone);
    return gone;
  }

  #leave(id: string, gone: Promise<unknown>): void {
    const all = Promise.all([this.#leaving.get(id), gone]).finally(() => {
      if (this.#leaving.get(id) === all) this.#leaving.delete(id);
    });
    this.#leaving.set(id, all);
  }

  async #publishLoaded(): Promise<void> {
    this.#registry.publish(
      [...this.#loaded.values()].map(({ draft, known }) => ({ draft, slot: known.slot })),
    );
    // While something stops, a plugin may register more and publish again: only the newest generation counts.
    await this.#services.stop(
      (entry: RegistryEntry) => !this.#registry.current().list(entry.kind).includes(entry),
    );
    await this.#services.follow(this.#registry.current());
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
      captured = await this.#load(known, "discovery", { inspection: true });
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
    const second = await this.#load(known, "full", { inspection: true });
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
      failure: this.#failures.get(id)?.failure,
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

  #fail(known: KnownPlugin, failure: PluginFailure): void {
    const { id } = known.candidate;
    this.#failures.set(id, { failure, tried: signature(known) });
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

function notReloaded(id: string, known: KnownPlugin | undefined): SluiceError<PluginHostErrorCode> {
  if (!known) return new SluiceError("PLUGIN_UNKNOWN", `there is no plugin "${id}"`);
  const reason = `plugin "${id}" is off (${known.decision.reason}); enable it first`;
  return new SluiceError("PLUGIN_DISABLED", reason);
}

/** Ends an instance that was only looked at. */
async function letGo({ instance }: LoadedPlugin): Promise<void> {
  instance.fence();
  await instance.scope.dispose().catch(() => {});
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(process.env["HOME"] ?? "", path.slice(2)) : path;
}
