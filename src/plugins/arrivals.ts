import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import type { LoadAttempt } from "./load-attempts.ts";
import type { SlowImport } from "./loading/slow-import.ts";
import { signature } from "./replacement.ts";
import type { KnownPlugin } from "./snapshot.ts";

/** What came of a change of the plugins. */
export interface Followed {
  /** Resolves when the instances that had to go are gone, calls in flight and all. */
  readonly gone: Promise<unknown>;
  /** Why the plugin that was to be loaded or reloaded was not. */
  readonly refusal?: Error | undefined;
  /** The rest, when the plugin that was to be reloaded takes its time. */
  readonly late?: Promise<Followed> | undefined;
}

interface ArrivalParts {
  readonly attempt: LoadAttempt;
  readonly slow: SlowImport;
  readonly mode: PluginRegistrationMode;
  /** What runs until it has come no longer fits the configuration. */
  readonly replacesUnfit: boolean;
}

/** A plugin whose import goes on while the others serve already. */
export class Arrival {
  readonly attempt: LoadAttempt;
  readonly slow: SlowImport;
  /** Resolves when it has come, failed or was given up. */
  readonly over: Promise<Followed>;
  /** What is known of it now; what it is imported from stays the same. */
  known: KnownPlugin;
  replacesUnfit: boolean;
  readonly #mode: PluginRegistrationMode;
  readonly #tried: string;
  #end: (outcome: Followed) => void = () => {};

  constructor({ attempt, slow, mode, replacesUnfit }: ArrivalParts) {
    this.attempt = attempt;
    this.slow = slow;
    this.known = attempt.known;
    this.replacesUnfit = replacesUnfit;
    this.#mode = mode;
    this.#tried = signature(attempt.known);
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get pluginId(): string {
    return this.known.candidate.id;
  }

  /** Whether a fresh start would import the same in the same way. */
  fits(next: KnownPlugin, mode: PluginRegistrationMode): boolean {
    return mode === this.#mode && signature(next) === this.#tried;
  }

  end(outcome: Followed): void {
    this.#end(outcome);
  }
}

/** All plugins that are on their way, one attempt of each. */
export class Arrivals {
  readonly #byPlugin = new Map<string, Arrival>();

  all(): readonly Arrival[] {
    return [...this.#byPlugin.values()];
  }

  find(pluginId: string): Arrival | undefined {
    return this.#byPlugin.get(pluginId);
  }

  add(arrival: Arrival): void {
    this.#byPlugin.set(arrival.pluginId, arrival);
  }

  /** False when it was given up, or another attempt took its place. */
  holds(arrival: Arrival): boolean {
    return this.#byPlugin.get(arrival.pluginId) === arrival;
  }

  /** Before its end is told. */
  remove(arrival: Arrival): void {
    if (this.holds(arrival)) this.#byPlugin.delete(arrival.pluginId);
  }

  /** Resolves when none of these plugins, or none at all, is on its way any more. */
  async settled(pluginIds?: readonly string[]): Promise<void> {
    const next = () => this.all().find(({ pluginId }) => pluginIds?.includes(pluginId) ?? true);
    for (let arrival = next(); arrival; arrival = next()) await arrival.over;
  }
}
