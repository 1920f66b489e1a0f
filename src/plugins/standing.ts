import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import { errorMessage, SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { Arrival, Arrivals } from "./arrivals.ts";
import { hostClosed } from "./change-queue.ts";
import type { Departures } from "./departures.ts";
import type { Findings } from "./findings.ts";
import type { PluginHostErrorCode } from "./host-options.ts";
import { failureOf, type LoadAttempt, type LoadAttempts } from "./load-attempts.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import { PluginFailure } from "./loading/plugin-failure.ts";
import { SlowImport } from "./loading/slow-import.ts";
import type { Publication } from "./publication.ts";
import { hasNewSettings, signature } from "./replacement.ts";
import type { KnownPlugin } from "./snapshot.ts";

type Config = Readonly<Record<string, unknown>>;

export interface StandingParts {
  readonly attempts: LoadAttempts;
  readonly publication: Publication;
  readonly findings: Findings;
  readonly departures: Departures;
  readonly logger: Logger;
  /** Aborts when the gateway stops; nobody reads then why a plugin does not run. */
  readonly stopping: AbortSignal;
  /** The mode a plugin is to be loaded in now. */
  modeOf(known: KnownPlugin): PluginRegistrationMode;
  /** Does something when no other change is under way; rejects when the host is closed. */
  exclusive(work: () => Promise<void>): Promise<void>;
  onFailure(error: unknown): void;
}

/** A change of files or configuration that is being followed. */
export interface Change {
  readonly before: Config;
  readonly after: Config;
  /** Its code is to be read anew, whatever changed. */
  readonly reloaded?: KnownPlugin | undefined;
}

/** Why a plugin does not run, and the signature it was tried with. */
interface Failure {
  readonly failure: PluginFailure;
  readonly tried: string;
}

/**
 * Where each plugin stands: it runs, is on its way, or failed; one that runs may have its next instance on its way.
 * Nobody waits for an import that takes long: the plugin joins when no other change is under way.
 */
export class Standing {
  readonly #parts: StandingParts;
  readonly #loaded = new Map<string, LoadedPlugin>();
  readonly #arrivals = new Arrivals();
  readonly #failures = new Map<string, Failure>();

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  find(id: string): LoadedPlugin | undefined {
    return this.#loaded.get(id);
  }

  /** What runs. */
  all(): readonly LoadedPlugin[] {
    return [...this.#loaded.values()];
  }

  failureOf(id: string): PluginFailure | undefined {
    return this.#failures.get(id)?.failure;
  }

  arrivalOf(id: string): Arrival | undefined {
    return this.#arrivals.find(id);
  }

  /** Resolves when none of these plugins, or none at all, is on its way any more. */
  arrived(ids?: readonly string[]): Promise<void> {
    return this.#arrivals.settled(ids);
  }

  /** Whether it was tried to load a plugin, with success or without. */
  wasTried(id: string): boolean {
    return this.#loaded.has(id) || this.#arrivals.find(id) !== undefined || this.#failures.has(id);
  }

  /** Goes on as it is; what is known of it may have changed in ways that make no difference. */
  update(plugin: LoadedPlugin, known: KnownPlugin): void {
    this.#loaded.set(plugin.known.candidate.id, { ...plugin, known });
  }

  /** Goes on until its next instance has come, or for good when that one fails. */
  keep(plugin: LoadedPlugin, { slot }: KnownPlugin): void {
    this.update(plugin, { ...plugin.known, slot });
  }

  /** What was found out about an instance goes with it. */
  unload(id: string): void {
    const { findings } = this.#parts;
    if (this.#loaded.delete(id)) findings.forget(id, findings.of(id));
  }

  /** Lets go of failures that say nothing about the next attempt. */
  forgetFailures(isOutdated: (id: string, tried: string) => boolean): void {
    for (const [id, { tried }] of [...this.#failures]) if (isOutdated(id, tried)) this.#failures.delete(id);
  }

  /**
   * Gives up the imports that a fresh start would not make, or would make anew.
   *
   * @param wanted what is known now of a plugin that is to run
   * @returns the plugins of which an instance runs that fits the configuration no longer
   */
  followArrivals(change: Change, wanted: (id: string) => KnownPlugin | undefined): ReadonlySet<string> {
    const unfit = new Set<string>();
    for (const arrival of this.#arrivals.all()) {
      const id = arrival.pluginId;
      const next = wanted(id);
      if (next && next !== change.reloaded && arrival.fits(next, this.#parts.modeOf(next))) {
        arrival.known = next;
        arrival.replacesUnfit ||= this.#isUnfit(id, next, change);
      } else {
        if (arrival.replacesUnfit) unfit.add(id);
        const reason = `plugin "${id}" was changed, reloaded or turned off while it was being imported`;
        this.#giveUp(arrival, refusal("PLUGIN_LOAD_GIVEN_UP", reason));
      }
    }
    return unfit;
  }

  /**
   * Loads `due` and puts it in the place of what ran before, which is added to `replaced`.
   *
   * @param unfit plugins of which an instance runs that fits the configuration no longer
   * @returns why the reloaded one failed
   */
  async replace(
    due: readonly KnownPlugin[],
    change: Change,
    replaced: LoadedPlugin[],
    unfit: ReadonlySet<string>,
  ): Promise<PluginFailure | undefined> {
    let failed: PluginFailure | undefined;
    const attempts = await Promise.all(due.map((known) => this.#attempt(known, known === change.reloaded)));
    for (const attempt of attempts) {
      const { known, outcome } = attempt;
      const { id } = known.candidate;
      const isUnfit = unfit.has(id) || this.#isUnfit(id, known, change);
      if (outcome instanceof SlowImport) {
        const mode = this.#parts.modeOf(known);
        this.#expect(new Arrival({ attempt, slow: outcome, mode, replacesUnfit: isUnfit }));
      } else {
        failed = this.#settle(attempt, outcome, isUnfit, replaced) ?? failed;
      }
    }
    return failed;
  }

  /** Nothing runs and nothing is on its way any more. Gives what ran, newest first. */
  async end(): Promise<readonly LoadedPlugin[]> {
    const arrivals = this.#arrivals.all();
    for (const arrival of arrivals) this.#giveUp(arrival, hostClosed());
    const plugins = [...this.#loaded.values()].reverse();
    this.#loaded.clear();
    await Promise.all(arrivals.map(({ slow }) => slow.giveUp()));
    return plugins;
  }

  #isUnfit(id: string, next: KnownPlugin, { before, after }: Change): boolean {
    const runs = this.#loaded.get(id);
    return runs !== undefined && hasNewSettings(runs, next, this.#parts.modeOf(next), before, after);
  }

  async #attempt(known: KnownPlugin, isReload: boolean): Promise<LoadAttempt> {
    const { departures, attempts, modeOf } = this.#parts;
    const { id } = known.candidate;
    if (!this.#loaded.has(id)) await departures.of(id);
    return attempts.make(known, modeOf(known), isReload);
  }

  /** @returns why a reload failed */
  #settle(
    { known, isReload, succeeded }: LoadAttempt,
    outcome: LoadedPlugin | PluginFailure,
    isUnfit: boolean,
    replaced: LoadedPlugin[],
  ): PluginFailure | undefined {
    const { id } = known.candidate;
    const runs = this.#loaded.get(id);
    const failure = outcome instanceof PluginFailure ? outcome : undefined;
    if (failure && isReload && runs && !isUnfit) {
      const what = `the old version goes on: ${errorMessage(failure)}`;
      this.#parts.findings.report(id, "reload-failed", what);
      this.keep(runs, known);
      return failure;
    }
    if (runs) replaced.push(runs);
    // What a configuration no longer fits does not run, as after a fresh start.
    if (outcome instanceof PluginFailure) {
      this.unload(id);
      this.#fail(known, outcome);
    } else {
      succeeded();
      this.#loaded.set(id, outcome);
    }
    return isReload ? failure : undefined;
  }

  /** The others go ahead; when its import ends, the plugin gets a change of its own. */
  #expect(arrival: Arrival): void {
    const { findings, exclusive, onFailure } = this.#parts;
    const { pluginId, known, slow } = arrival;
    const runs = this.#loaded.get(pluginId);
    this.#arrivals.add(arrival);
    if (runs) this.keep(runs, known);
    const meanwhile = runs ? "its old code serves until then" : "it joins them when that ends";
    const said = `its import takes longer than the others wait for it; ${meanwhile}`;
    findings.report(pluginId, "import-slow", said);
    const join = () => exclusive(() => this.#join(arrival).catch(onFailure));
    // A host that is closed has given it up.
    void slow.ended.then(join).catch(() => {});
  }

  async #join(arrival: Arrival): Promise<void> {
    if (!this.#arrivals.holds(arrival)) return;
    const { findings, publication, departures } = this.#parts;
    const replaced: LoadedPlugin[] = [];
    let failed: PluginFailure | undefined;
    try {
      const outcome = await arrival.slow.register().catch(failureOf);
      const { known, replacesUnfit } = arrival;
      const next = outcome instanceof PluginFailure ? outcome : { ...outcome, known };
      findings.clear(arrival.pluginId, "import-slow");
      this.#arrivals.remove(arrival);
      failed = this.#settle({ ...arrival.attempt, known }, next, replacesUnfit, replaced);
      await publication.follow(this.all());
    } finally {
      arrival.end({ gone: departures.begin([], replaced), refusal: failed });
    }
  }

  #giveUp(arrival: Arrival, refusal: Error): void {
    const { findings } = this.#parts;
    const { pluginId } = arrival;
    this.#arrivals.remove(arrival);
    findings.clear(pluginId, "import-slow");
    if (!this.#loaded.has(pluginId)) findings.forget(pluginId, findings.of(pluginId));
    arrival.end({ gone: arrival.slow.giveUp(), refusal });
  }

  #fail(known: KnownPlugin, failure: PluginFailure): void {
    const { id } = known.candidate;
    this.#failures.set(id, { failure, tried: signature(known) });
    if (this.#parts.stopping.aborted) return;
    this.#parts.logger.error(`plugin "${id}" is not loaded: ${failure.message}`, {
      pluginId: id,
      code: failure.code,
    });
  }
}

function refusal(code: PluginHostErrorCode, reason: string): SluiceError<PluginHostErrorCode> {
  return new SluiceError(code, reason);
}
