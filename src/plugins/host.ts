import { join } from "node:path";
import type { CleanupReason } from "../contracts/capabilities.ts";
import type { PluginManifest } from "../contracts/manifest.ts";
import type { GatewayDiscoveryContext } from "../contracts/registrations.ts";
import type { PluginAgentEvent } from "../contracts/runtime.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { errorMessage } from "../kernel/errors.ts";
import { Scope } from "../kernel/scope.ts";
import { type ActivationPlan, type ActivationTrigger, planActivation } from "./activation/planner.ts";
import { SatisfiedTriggers } from "./activation/satisfied.ts";
import { AgentEventFeed } from "./agent-events.ts";
import { ChangeQueue } from "./change-queue.ts";
import { configSchemasOf, type PluginConfigSchemas } from "./config/config-schemas.ts";
import { Departures } from "./departures.ts";
import { loadEnvironment } from "./environment.ts";
import { type FacadeRequest, Facades } from "./facades/facades.ts";
import { Findings } from "./findings.ts";
import { TypedHookRunner } from "./hooks/runner.ts";
import type { PluginHostOptions } from "./host-options.ts";
import { inspectCold } from "./inspect/cold-inspection.ts";
import { inspectPlugin, type PluginInspection } from "./inspect/inspect.ts";
import { PluginInventory } from "./inventory.ts";
import { LoadAttempts } from "./load-attempts.ts";
import { ModuleLoader } from "./loading/load-module.ts";
import { LoadTrace } from "./loading/load-trace.ts";
import { TransformCache } from "./loading/transform-cache.ts";
import { guardProcess, type ProcessGuards } from "./process-guards.ts";
import { Publication } from "./publication.ts";
import { recordOf } from "./record.ts";
import { PluginRegistry } from "./registry/registry.ts";
import { Retirement } from "./retirement.ts";
import { PluginRoster } from "./roster.ts";
import { RunContexts } from "./run-contexts.ts";
import { serviceContext } from "./service-context.ts";
import { ServiceHost } from "./services.ts";
import type { KnownPlugin, PluginMetadataSnapshot } from "./snapshot.ts";
import type { HookRunner, PluginDiagnostic, PluginRecord, RegistryReader } from "./types.ts";

export type { HostConfig, PluginHostErrorCode, PluginHostOptions } from "./host-options.ts";

const NO_MANIFESTS: readonly PluginManifest[] = [];

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
  readonly #scope = new Scope("plugin host");
  readonly #registry: PluginRegistry;
  readonly #inventory: PluginInventory;
  readonly #roster: PluginRoster;
  readonly #facades: Facades;
  readonly #services: ServiceHost;
  readonly #satisfied = new SatisfiedTriggers();
  readonly #attempts: LoadAttempts;
  readonly #publication: Publication;
  readonly #runs = new RunContexts();
  readonly #events: AgentEventFeed;
  readonly #findings: Findings;
  readonly #retirement: Retirement;
  readonly #process: ProcessGuards | undefined;
  readonly #changes = new ChangeQueue();

  constructor(options: PluginHostOptions) {
    const { clock, config } = options;
    const stopping = this.#changes.closing;
    this.#options = options;
    const logger = options.logger.child("plugins");
    const registry = new PluginRegistry(options.core ?? {}, (error) =>
      logger.error("a listener of the registry failed", { error: errorMessage(error) }),
    );
    this.#registry = registry;
    this.registry = registry;
    const hooks = new TypedHookRunner(registry, clock, logger.child("hooks"), (id, code, message) =>
      findings.report(id, code, message),
    );
    this.hooks = hooks;
    const findings = new Findings(logger);
    this.#findings = findings;
    this.#retirement = new Retirement({
      clock,
      findings,
      stopping,
      canonicalSessionKey: (key) => options.workflow?.canonicalSessionKey?.(key) ?? key,
      afterCallbacks: async (pluginId, reason) => {
        this.#runs.forget(pluginId);
        if (reason === "disable") await options.workflow?.cleanUp?.(pluginId, reason);
      },
    });
    const scope = this.#scope;
    if (options.process)
      this.#process = guardProcess({ ...options, ...options.process, logger, findings, scope });
    this.#events = new AgentEventFeed(registry, this.#runs, logger);
    const trace = new LoadTrace({ logger: options.logger, clock, env: options.env ?? {} });
    const transforms = new TransformCache({ folder: join(options.stateDir, "cache", "typescript"), clock });
    const loader = new ModuleLoader({ ...options, transforms });
    this.#facades = new Facades(loader);
    this.#services = new ServiceHost({
      clock,
      logger,
      contextFor: (entry, ended) => {
        const instance = this.#roster.find(entry.pluginId)?.instance.signal ?? AbortSignal.abort();
        return serviceContext(options, findings, entry, AbortSignal.any([instance, ended]));
      },
      onFailure: (entry, what) => findings.report(entry.pluginId, "service-failed", what),
    });
    this.#inventory = new PluginInventory({
      ...options,
      trace,
      logger,
      onKnown: (snapshot) => {
        this.#process?.watch.follow(snapshot);
        this.#roster.forgetAsked(snapshot);
      },
    });
    const onFailure = (error: unknown) => this.#roster.logFailure(error);
    this.#publication = new Publication({
      clock,
      registry,
      services: this.#services,
      hooks,
      trace,
      logger,
      onFailure,
    });
    const environment = loadEnvironment({
      options,
      loader,
      trace,
      scope,
      findings,
      runs: this.#runs,
      guards: this.#process,
      stopping,
      onLateRegistration: (instance) => {
        if (!stopping.aborted) this.#roster.publishLate(instance);
      },
    });
    this.#attempts = new LoadAttempts(environment, findings);
    this.#roster = new PluginRoster({
      config,
      mode: options.mode,
      inventory: this.#inventory,
      attempts: this.#attempts,
      publication: this.#publication,
      registry,
      services: this.#services,
      findings,
      departures: new Departures(this.#retirement, trace, onFailure),
      logger,
      stopping,
      exclusive: (work) => this.#changes.exclusive(work),
    });
  }

  /**
   * Discovers plugins and loads those that the start needs; one whose import takes long joins later. Services wait
   * for {@link startServices}.
   */
  async start(): Promise<void> {
    await this.#process?.watch.start();
    // Before anything is read: a change that arrives while plugins load waits for its turn.
    this.#scope.use(
      this.#options.config.onChange(
        () => void this.applyConfig().catch((error) => this.#roster.logFailure(error)),
      ),
      "configuration listener",
    );
    await this.#changes.exclusive(() => this.#roster.begin());
  }

  /** Metadata of every plugin at the current configuration; runs no plugin code. */
  snapshot(): Promise<PluginMetadataSnapshot> {
    return this.#inventory.snapshot();
  }

  /** JSON Schemas of plugin and channel settings, from manifests alone. */
  async configSchemas(): Promise<PluginConfigSchemas> {
    return configSchemasOf(await this.snapshot());
  }

  /** Which enabled plugins a trigger concerns, and why. */
  async plan(trigger: ActivationTrigger): Promise<ActivationPlan> {
    return planActivation((await this.snapshot()).plugins, trigger);
  }

  /**
   * Loads the enabled plugins a trigger concerns, if they are not loaded yet, and waits for those that are on
   * their way. Cheap to ask again.
   */
  async activate(trigger: ActivationTrigger): Promise<void> {
    const { known } = this.#inventory;
    if (this.#satisfied.has(known, trigger)) return;
    const { pluginIds } = await this.plan(trigger);
    if (!pluginIds.every((id) => this.#roster.wasTried(id))) {
      await this.#changes.exclusive(() => this.#roster.ask(pluginIds));
    }
    await this.#roster.arrived(pluginIds);
    if (known && known === this.#inventory.known) this.#satisfied.add(known, trigger);
  }

  /** Loads the other enabled plugins that do not insist on waiting for a trigger, now and from now on. */
  async activateRest(): Promise<void> {
    await this.#changes.exclusive(() => this.#roster.beginRest());
    await this.#roster.arrived();
  }

  /** Resolves when none of these plugins is on its way any more: each runs, or its record says why not. */
  arrived(pluginIds: readonly string[]): Promise<void> {
    return this.#roster.arrived(pluginIds);
  }

  /** Starts background services, now and for plugins loaded later. Call when the gateway accepts connections. */
  async startServices(): Promise<void> {
    await this.#services.startServices(this.#registry.current());
  }

  /**
   * Tells plugins that the gateway accepts connections (hook `gateway_start`): all that run now, and every
   * instance that is made later, when its services run (spec 2.19).
   */
  announceStart(event: { readonly port: number }, context: () => object): Promise<void> {
    return this.#publication.announceStart(event, context);
  }

  /** Starts announcing the gateway; call only when local discovery is on. */
  async startDiscovery(context: GatewayDiscoveryContext): Promise<void> {
    await this.#services.startDiscovery(context, this.#registry.current());
  }

  /** Follows the configuration: loads, reloads and unloads what it changed, and nothing else. */
  async applyConfig(): Promise<void> {
    const { gone } = await this.#changes.exclusive(() => this.#roster.follow());
    await gone;
  }

  /**
   * Loads a plugin's code anew while the gateway serves. When that fails the old instance goes on serving.
   *
   * @throws SluiceError `PLUGIN_UNKNOWN`, `PLUGIN_DISABLED`, or the `PluginFailure` of the new load
   */
  async reload(id: string): Promise<void> {
    const followed = await this.#changes.exclusive(() => this.#roster.follow(id));
    await followed.gone;
    const { gone, refusal } = (await followed.late) ?? followed;
    await gone;
    if (refusal) throw refusal;
  }

  /**
   * Manifests of the enabled plugins, loaded or not; the same array until plugins or configuration change.
   * Empty before {@link start}.
   */
  manifests(): readonly PluginManifest[] {
    return this.#inventory.known?.enabledManifests ?? NO_MANIFESTS;
  }

  /** Rows of all plugins, for lists; reads no files. Empty before {@link start}. */
  records(): readonly PluginRecord[] {
    return (this.#inventory.known?.plugins ?? []).map((known) => this.#record(known));
  }

  /** Everything about one plugin. One that is enabled but not loaded is registered without effect to see it. */
  async inspect(id: string): Promise<PluginInspection | undefined> {
    const known = (await this.snapshot()).find(id);
    if (!known) return undefined;
    const { sdkFolder, core = {}, config, hasAuth = () => false } = this.#options;
    const signals = { config: config.current().config, hasAuth };
    const loaded = this.#roster.find(known.candidate.id);
    const record = this.#record(known);
    const live = loaded?.mode === "full";
    // What is being imported already is not imported a second time to be looked at.
    const asItIs = live || known.candidate.format === "bundle" || this.#roster.isArriving(record.id);
    if (asItIs || record.status === "error") {
      const generation = this.#registry.current();
      return inspectPlugin({ known, record, loaded, generation, sdkFolder, signals });
    }
    return inspectCold({
      known,
      record,
      sdkFolder,
      core,
      signals,
      load: (mode) => this.#attempts.look(known, mode),
      release: (plugin) => this.#retirement.release(plugin),
    });
  }

  /**
   * A public file of a plugin, for the core and for other plugins (spec 6.9).
   *
   * @throws SluiceError with a `FacadeErrorCode`, or what loading the file throws
   */
  async facade(request: FacadeRequest): Promise<object> {
    const versionOf = (id: string) => this.#roster.find(id)?.moduleVersion ?? 0;
    return this.#facades.load(await this.snapshot(), request, versionOf);
  }

  /** Findings about plugins as a whole; those of one plugin are in its record. */
  diagnostics(): readonly PluginDiagnostic[] {
    return this.#inventory.known?.diagnostics ?? [];
  }

  /** Hands an event of an agent run to subscribed plugins. Resolves when they are done; callers need not wait. */
  deliverAgentEvent(event: PluginAgentEvent): Promise<void> {
    return this.#events.deliver(event);
  }

  /** Calls clean-up callbacks of all plugins, for a session or run that ends (spec 2.19). */
  async cleanUp(reason: CleanupReason, target: { sessionKey?: string; runId?: string }): Promise<void> {
    for (const plugin of this.#roster.all()) await this.#retirement.cleanUp(plugin, reason, target);
  }

  async dispose(): Promise<void> {
    if (this.#changes.closing.aborted) return;
    await this.#changes.close();
    await this.#services.stopAll();
    await this.#roster.end();
    this.#inventory.forget();
    await this.#scope.dispose();
  }

  #record(known: KnownPlugin): PluginRecord {
    const { id } = known.candidate;
    return recordOf({
      known,
      loaded: this.#roster.find(id),
      failure: this.#roster.failureOf(id),
      isArriving: this.#roster.isArriving(id),
      conflicts: this.#registry.conflictsOf(id),
      findings: this.#findings.of(id),
    });
  }
}
