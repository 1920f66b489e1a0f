import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import type { PluginService } from "../contracts/registrations.ts";
import { errorMessage, SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { registrationMode } from "./activation/mode.ts";
import { startupReason } from "./activation/planner.ts";
import type { Followed } from "./arrivals.ts";
import { changedBelow } from "./config/config-path.ts";
import type { Departures } from "./departures.ts";
import type { Findings } from "./findings.ts";
import type { PluginHostErrorCode } from "./host-options.ts";
import type { PluginInventory } from "./inventory.ts";
import type { LoadAttempts } from "./load-attempts.ts";
import type { PluginInstance } from "./loading/instance.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import type { PluginFailure } from "./loading/plugin-failure.ts";
import type { Publication } from "./publication.ts";
import type { PluginRegistry } from "./registry/registry.ts";
import { needsNewInstance, signature } from "./replacement.ts";
import type { ServiceHost } from "./services.ts";
import type { KnownPlugin, PluginMetadataSnapshot } from "./snapshot.ts";
import { Standing } from "./standing.ts";
import type { RegistryGeneration } from "./types.ts";

type Config = Readonly<Record<string, unknown>>;

export interface RosterParts {
  readonly config: { current(): { readonly config: Config } };
  /** Loads every plugin in this mode instead of the one that fits it. */
  readonly mode: PluginRegistrationMode | undefined;
  readonly inventory: PluginInventory;
  readonly attempts: LoadAttempts;
  readonly publication: Publication;
  readonly registry: PluginRegistry;
  readonly services: ServiceHost;
  readonly findings: Findings;
  readonly departures: Departures;
  readonly logger: Logger;
  /** Aborts when the gateway stops. */
  readonly stopping: AbortSignal;
  /** Does something when no other change is under way; rejects when the host is closed. */
  exclusive(work: () => Promise<void>): Promise<void>;
}

/**
 * Which plugins run, and why others do not. After every change it is what a fresh start with the same files
 * and configuration would make of them. Changes must come one after the other.
 */
export class PluginRoster {
  readonly #parts: RosterParts;
  readonly #standing: Standing;
  /** Loaded because somebody asked, not because the start needs them. */
  readonly #asked = new Set<string>();
  #restAsked = false;
  #applied: Config = {};

  constructor(parts: RosterParts) {
    this.#parts = parts;
    const onFailure = (error: unknown) => this.logFailure(error);
    this.#standing = new Standing({ ...parts, onFailure, modeOf: (known) => this.mode(known) });
  }

  find(id: string): LoadedPlugin | undefined {
    return this.#standing.find(id);
  }

  all(): Iterable<LoadedPlugin> {
    return this.#standing.all();
  }

  failureOf(id: string): PluginFailure | undefined {
    return this.#standing.failureOf(id);
  }

  /** Whether its import goes on, of a plugin that runs already that of its next instance. */
  isArriving(id: string): boolean {
    return this.#standing.arrivalOf(id) !== undefined;
  }

  /** Resolves when none of these plugins, or none at all, is on its way any more. */
  arrived(ids?: readonly string[]): Promise<void> {
    return this.#standing.arrived(ids);
  }

  /** Whether it was tried to load a plugin, with success or without. */
  wasTried(id: string): boolean {
    return this.#standing.wasTried(id);
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

  /**
   * Brings what runs in line with folders and configuration; `reloading` gets its code read anew even when
   * nothing says that it changed. One generation is published for all of it.
   */
  async follow(reloading?: string): Promise<Followed> {
    const { inventory, registry, departures, config, publication } = this.#parts;
    const before = this.#applied;
    const after = config.current().config;
    const snapshot = await inventory.look(after);
    this.#applied = after;
    const named = reloading === undefined ? undefined : snapshot.find(reloading);
    const reloaded = named?.decision.enabled ? named : undefined;
    if (reloaded && !this.#isWanted(reloaded)) this.#asked.add(reloaded.candidate.id);
    const change = { before, after, reloaded };
    const wanted = (id: string) => {
      const next = snapshot.find(id);
      return next?.candidate.id === id && this.#isWanted(next) ? next : undefined;
    };
    const unfit = this.#standing.followArrivals(change, wanted);
    const disabled: LoadedPlugin[] = [];
    const replaced: LoadedPlugin[] = [];
    const due = new Set<KnownPlugin>();
    for (const plugin of this.#standing.all()) {
      const { id } = plugin.known.candidate;
      const next = wanted(id);
      if (next) {
        const mode = this.mode(next);
        const isDue =
          next === reloaded || unfit.has(id) || needsNewInstance(plugin, next, mode, before, after);
        if (this.isArriving(id)) this.#standing.keep(plugin, next);
        else if (isDue) due.add(next);
        else this.#standing.update(plugin, next);
        continue;
      }
      this.#standing.unload(id);
      const known = snapshot.find(id);
      const enabled = known?.decision.enabled === true && known.candidate.id === id;
      (enabled ? replaced : disabled).push(plugin);
    }
    this.#standing.forgetFailures((id, tried) => {
      const next = snapshot.find(id);
      // Settings anywhere may be what it missed; the reload of another plugin is no reason to try again.
      const stands = next !== undefined && next !== reloaded && signature(next) === tried;
      return reloading === undefined || !stands;
    });
    for (const known of snapshot.plugins) {
      if (this.#isWanted(known) && !this.wasTried(known.candidate.id)) due.add(known);
    }
    const untouched = registry.current();
    const refusal = await this.#standing.replace([...due], change, replaced, unfit);
    await publication.follow(this.all());
    await this.#restartServices(untouched, before, after);
    const gone = departures.begin(disabled, replaced);
    if (reloading === undefined) return { gone };
    if (!reloaded) return { gone, refusal: notReloaded(reloading, named) };
    return { gone, refusal, late: this.#standing.arrivalOf(reloaded.candidate.id)?.over };
  }

  mode(known: KnownPlugin): PluginRegistrationMode {
    return this.#parts.mode ?? registrationMode(known, this.#applied);
  }

  /** Publishes anew when a running plugin registered more. */
  publishLate(instance: PluginInstance): void {
    if (this.find(instance.pluginId)?.instance !== instance) return;
    void this.#parts.publication.publish(this.all()).catch((error) => this.logFailure(error));
  }

  logFailure(error: unknown): void {
    this.#parts.logger.error("plugins could not follow a change", { error: errorMessage(error) });
  }

  /** Ends all of it; services must have been stopped. */
  async end(): Promise<void> {
    const ended = this.#standing.end();
    this.#parts.registry.publish([]);
    await this.#parts.departures.end(await ended);
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
    await this.#standing.replace(due, { before: this.#applied, after: this.#applied }, [], new Set());
    await this.#parts.publication.follow(this.all());
  }

  /** Services that were there before and depend on settings that changed. */
  async #restartServices(untouched: RegistryGeneration, before: Config, after: Config): Promise<void> {
    const { services, registry } = this.#parts;
    await services.restart((entry) => {
      const prefixes = (entry.value as PluginService).reload?.configPrefixes ?? [];
      return untouched.list(entry.kind).includes(entry) && changedBelow(prefixes, before, after);
    }, registry.current());
  }
}

function notReloaded(id: string, known: KnownPlugin | undefined): SluiceError<PluginHostErrorCode> {
  if (!known) return new SluiceError("PLUGIN_UNKNOWN", `there is no plugin "${id}"`);
  const reason = `plugin "${id}" is off (${known.decision.reason}); enable it first`;
  return new SluiceError("PLUGIN_DISABLED", reason);
}
