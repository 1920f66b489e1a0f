import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import type { PluginService } from "../contracts/registrations.ts";
import { errorMessage, SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { registrationMode } from "./activation/mode.ts";
import { startupReason } from "./activation/planner.ts";
import { changedBelow } from "./config/config-path.ts";
import type { Departures } from "./departures.ts";
import type { Findings } from "./findings.ts";
import type { TypedHookRunner } from "./hooks/runner.ts";
import type { PluginHostErrorCode } from "./host-options.ts";
import type { PluginInventory } from "./inventory.ts";
import type { PluginInstance } from "./loading/instance.ts";
import type { LoadEnvironment } from "./loading/load-environment.ts";
import { loadPlugin } from "./loading/load-plugin.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import { PluginFailure } from "./loading/plugin-failure.ts";
import type { PluginRegistry } from "./registry/registry.ts";
import { hasNewSettings, needsNewInstance, signature } from "./replacement.ts";
import type { ServiceHost } from "./services.ts";
import type { KnownPlugin, PluginMetadataSnapshot } from "./snapshot.ts";
import type { RegistryEntry } from "./types.ts";

type Config = Readonly<Record<string, unknown>>;

export interface RosterParts {
  readonly config: { current(): { readonly config: Config } };
  /** Loads every plugin in this mode instead of the one that fits it. */
  readonly mode: PluginRegistrationMode | undefined;
  readonly inventory: PluginInventory;
  readonly environment: LoadEnvironment;
  readonly registry: PluginRegistry;
  readonly hooks: TypedHookRunner;
  readonly services: ServiceHost;
  readonly findings: Findings;
  readonly departures: Departures;
  readonly logger: Logger;
}

export interface Followed {
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

/**
 * Which plugins run, and why others do not. After every change it is what a fresh start with the same files
 * and configuration would make of them. Changes must come one after the other.
 */
export class PluginRoster {
  readonly #parts: RosterParts;
  readonly #loaded = new Map<string, LoadedPlugin>();
  readonly #failures = new Map<string, Failure>();
  /** Of these an instance ran before. */
  readonly #ran = new Set<string>();
  /** Loaded because somebody asked, not because the start needs them. */
  readonly #asked = new Set<string>();
  #restAsked = false;
  #applied: Config = {};
  #published: readonly number[] = [];
  /** What {@link announceStart} was told. */
  #started: { readonly event: object; context(): object } | undefined;
  #generation = 0;

  constructor(parts: RosterParts) {
    this.#parts = parts;
  }

  find(id: string): LoadedPlugin | undefined {
    return this.#loaded.get(id);
  }

  all(): Iterable<LoadedPlugin> {
    return this.#loaded.values();
  }

  failureOf(id: string): PluginFailure | undefined {
    return this.#failures.get(id)?.failure;
  }

  /** Whether it was tried to load a plugin, with success or without. */
  wasTried(id: string): boolean {
    return this.#loaded.has(id) || this.#failures.has(id);
  }

  /** Loads what the start needs. */
  async begin(): Promise<void> {
    this.#applied = this.#parts.config.current().config;
    await this.#loadWanted();
  }

  /** Loads the plugins that are not told to wait for a trigger, now and from now on. */
  async beginRest(): Promise<void> {
    this.#restAsked = true;
    await this.#loadWanted();
  }

  /** Loads plugins that are needed now. */
  async ask(pluginIds: readonly string[]): Promise<void> {
    const { plugins } = await this.#parts.inventory.snapshot();
    for (const id of pluginIds) this.#asked.add(id);
    await this.#loadAll(plugins.filter(({ candidate }) => pluginIds.includes(candidate.id)));
  }

  /** Nobody needs a plugin any more that was switched off. */
  forgetAsked(snapshot: PluginMetadataSnapshot): void {
    for (const id of [...this.#asked]) if (!snapshot.find(id)?.decision.enabled) this.#asked.delete(id);
  }

  async announceStart(event: object, context: () => object): Promise<void> {
    this.#started = { event, context };
    await this.#parts.hooks.run("gateway_start", event, context());
  }

  /**
   * Brings what runs in line with folders and configuration; `reloading` gets its code read anew even when
   * nothing says that it changed. One generation is published for all of it.
   */
  async follow(reloading?: string): Promise<Followed> {
    const { inventory, registry, services, departures, config } = this.#parts;
    const before = this.#applied;
    const after = config.current().config;
    const snapshot = await inventory.look(after);
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
        const anew = next === reloaded || needsNewInstance(plugin, next, this.mode(next), before, after);
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
    for (const known of snapshot.plugins) {
      if (this.#isWanted(known) && !this.wasTried(known.candidate.id)) due.add(known);
    }
    const untouched = registry.current();
    const refusal = await this.#replace([...due], reloaded, replaced, before);
    await this.#publishChanges();
    await services.restart((entry) => {
      const prefixes = (entry.value as PluginService).reload?.configPrefixes ?? [];
      return untouched.list(entry.kind).includes(entry) && changedBelow(prefixes, before, after);
    }, registry.current());
    const gone = departures.begin(disabled, replaced);
    if (reloading === undefined || reloaded) return { gone, refusal };
    return { gone, refusal: notReloaded(reloading, named) };
  }

  mode(known: KnownPlugin): PluginRegistrationMode {
    return this.#parts.mode ?? registrationMode(known, this.#applied);
  }

  /** Code that came along with the gateway is what it is; that of others may have changed since it last ran. */
  load(
    known: KnownPlugin,
    mode: PluginRegistrationMode,
    { anew = false, inspection = false } = {},
  ): Promise<LoadedPlugin> {
    const { entry, origin } = known.candidate;
    const { environment } = this.#parts;
    const readAnew = !inspection && (anew || origin !== "bundled");
    const moduleVersion = entry === undefined ? 0 : environment.loader.versionOf(entry, readAnew);
    const generation = ++this.#generation;
    return loadPlugin(environment, { known, mode, generation, moduleVersion, inspection });
  }

  /** Publishes anew when a running plugin registered more. */
  publishLate(instance: PluginInstance): void {
    if (this.#loaded.get(instance.pluginId)?.instance !== instance) return;
    void this.#publish().catch((error) => this.logFailure(error));
  }

  logFailure(error: unknown): void {
    this.#parts.logger.error("plugins could not follow a change", { error: errorMessage(error) });
  }

  /** Ends all of it; services must have been stopped. */
  async end(): Promise<void> {
    const plugins = [...this.#loaded.values()].reverse();
    this.#loaded.clear();
    this.#parts.registry.publish([]);
    await this.#parts.departures.end(plugins);
  }

  /** Whether a fresh start that was asked the same would load it. */
  #isWanted(known: KnownPlugin): boolean {
    const { candidate, decision } = known;
    if (!decision.enabled || candidate.format !== "openclaw") return false;
    if (this.#asked.has(candidate.id) || startupReason(known, this.#applied) !== undefined) return true;
    return this.#restAsked && candidate.manifest?.activation.onStartup !== false;
  }

  async #loadWanted(): Promise<void> {
    const { plugins } = await this.#parts.inventory.snapshot();
    await this.#loadAll(plugins.filter((known) => this.#isWanted(known)));
  }

  /** Imports and registers in load order, publishes once. Failures stay with their plugin. */
  async #loadAll(plugins: readonly KnownPlugin[]): Promise<void> {
    const due = plugins.filter(
      ({ candidate, decision }) =>
        decision.enabled && candidate.format === "openclaw" && !this.wasTried(candidate.id),
    );
    await this.#replace(due, undefined, [], this.#applied);
    await this.#publishChanges();
  }

  /** What was found out about an instance goes with it. */
  #unload(id: string): void {
    const { findings } = this.#parts;
    if (this.#loaded.delete(id)) findings.forget(id, findings.of(id));
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
        previous !== undefined && !hasNewSettings(previous, known, this.mode(known), before, this.#applied);
      if (next instanceof PluginFailure && known === reloaded && fits) {
        const what = `the old version goes on: ${errorMessage(next)}`;
        this.#parts.findings.report(id, "reload-failed", what);
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

  /** What was found out about earlier instances is forgotten when a new one takes over. */
  async #tryLoad(known: KnownPlugin, anew: boolean): Promise<LoadedPlugin | PluginFailure> {
    const { findings, departures } = this.#parts;
    const { id } = known.candidate;
    if (!this.#loaded.has(id)) await departures.of(id);
    const outdated = this.#ran.has(id) ? findings.of(id) : [];
    try {
      const loaded = await this.load(known, this.mode(known), { anew });
      findings.forget(id, outdated);
      this.#ran.add(id);
      return loaded;
    } catch (error) {
      return error instanceof PluginFailure
        ? error
        : new PluginFailure("load", "load-failed", errorMessage(error), error);
    }
  }

  #fail(known: KnownPlugin, failure: PluginFailure): void {
    const { id } = known.candidate;
    this.#failures.set(id, { failure, tried: signature(known) });
    this.#parts.logger.error(`plugin "${id}" is not loaded: ${failure.message}`, {
      pluginId: id,
      code: failure.code,
    });
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
    this.#parts.hooks
      .tell("gateway_start", event, context(), (id) => ids.has(id))
      .catch((error) => this.logFailure(error));
  }

  #publish(): Promise<void> {
    return this.#parts.environment.trace.phase("publish", undefined, () => this.#publishLoaded());
  }

  async #publishLoaded(): Promise<void> {
    const { registry, services } = this.#parts;
    registry.publish([...this.#loaded.values()].map(({ draft, known }) => ({ draft, slot: known.slot })));
    // While something stops, a plugin may register more and publish again: only the newest generation counts.
    await services.stop((entry: RegistryEntry) => !registry.current().list(entry.kind).includes(entry));
    await services.follow(registry.current());
  }
}

function notReloaded(id: string, known: KnownPlugin | undefined): SluiceError<PluginHostErrorCode> {
  if (!known) return new SluiceError("PLUGIN_UNKNOWN", `there is no plugin "${id}"`);
  const reason = `plugin "${id}" is off (${known.decision.reason}); enable it first`;
  return new SluiceError("PLUGIN_DISABLED", reason);
}
