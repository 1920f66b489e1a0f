import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Findings } from "./findings.ts";
import type { LoadEnvironment } from "./loading/load-environment.ts";
import { loadPlugin, startLoading } from "./loading/load-plugin.ts";
import type { LoadedPlugin, LoadRequest } from "./loading/loaded-plugin.ts";
import { PluginFailure } from "./loading/plugin-failure.ts";
import type { SlowImport } from "./loading/slow-import.ts";
import type { KnownPlugin } from "./snapshot.ts";

/** What became of one attempt to load a plugin. */
export interface LoadAttempt {
  readonly known: KnownPlugin;
  /** Somebody asked for this plugin's code to be read anew: when that fails, what runs goes on. */
  readonly isReload: boolean;
  readonly outcome: LoadedPlugin | PluginFailure | SlowImport;
  /** To be called when it is the new instance that runs. */
  succeeded(): void;
}

/** Loads plugins, each time in the version of its code that is due. */
export class LoadAttempts {
  readonly #environment: LoadEnvironment;
  readonly #findings: Findings;
  /** Of these an instance ran before. */
  readonly #ran = new Set<string>();
  #generation = 0;

  constructor(environment: LoadEnvironment, findings: Findings) {
    this.#environment = environment;
    this.#findings = findings;
  }

  /** Registers a plugin without effect, to see what it registers. @throws PluginFailure */
  look(known: KnownPlugin, mode: PluginRegistrationMode): Promise<LoadedPlugin> {
    const request = { ...this.#request(known, mode, false), inspection: true };
    return loadPlugin(this.#environment, request);
  }

  /** What was found out about earlier instances is forgotten when a new one takes over. */
  async make(known: KnownPlugin, mode: PluginRegistrationMode, isReload: boolean): Promise<LoadAttempt> {
    const { id, origin } = known.candidate;
    const outdated = this.#ran.has(id) ? this.#findings.of(id) : [];
    const succeeded = () => {
      this.#findings.forget(id, outdated);
      this.#ran.add(id);
    };
    // Code that came along with the gateway is what it is; that of others may have changed since it last ran.
    const request = this.#request(known, mode, isReload || origin !== "bundled");
    const outcome = await startLoading(this.#environment, request).catch(failureOf);
    return { known, isReload, outcome, succeeded };
  }

  #request(known: KnownPlugin, mode: PluginRegistrationMode, anew: boolean): LoadRequest {
    const { entry } = known.candidate;
    const moduleVersion = entry === undefined ? 0 : this.#environment.loader.versionOf(entry, anew);
    return { known, mode, moduleVersion, generation: ++this.#generation };
  }
}

/** Whatever was thrown while a plugin was loaded. */
export function failureOf(error: unknown): PluginFailure {
  return error instanceof PluginFailure
    ? error
    : new PluginFailure("load", "load-failed", errorMessage(error), error);
}
