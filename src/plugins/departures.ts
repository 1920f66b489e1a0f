import type { LoadTrace } from "./loading/load-trace.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import type { Retirement } from "./retirement.ts";

/** Instances on their way out. Nothing waits for them but a new one of a plugin that does not run. */
export class Departures {
  readonly #retirement: Retirement;
  readonly #trace: LoadTrace;
  readonly #onFailure: (error: unknown) => void;
  readonly #leaving = new Map<string, Promise<unknown>>();

  constructor(retirement: Retirement, trace: LoadTrace, onFailure: (error: unknown) => void) {
    this.#retirement = retirement;
    this.#trace = trace;
    this.#onFailure = onFailure;
  }

  /** Starts to retire instances. Others load and unload meanwhile: a call may take long, and need one of them. */
  begin(disabled: readonly LoadedPlugin[], replaced: readonly LoadedPlugin[]): Promise<unknown> {
    const plugins = [...disabled, ...replaced];
    if (plugins.length === 0) return Promise.resolve();
    const ids = plugins.map(({ instance }) => instance.pluginId);
    const work = async () => {
      await this.#retirement.retire(disabled, "disable");
      await this.#retirement.retire(replaced, "restart");
    };
    const gone = this.#trace.phase("retire", ids.join(", "), work).catch(this.#onFailure);
    for (const id of ids) this.#leave(id, gone);
    return gone;
  }

  /** Resolves when no instance of a plugin is on its way out any more. */
  async of(pluginId: string): Promise<void> {
    await this.#leaving.get(pluginId);
  }

  /** Retires what still runs, without waiting for its calls, and resolves when everything is gone. */
  async end(plugins: readonly LoadedPlugin[]): Promise<void> {
    await Promise.all([...this.#leaving.values(), this.#retirement.retire(plugins, "restart", 0)]);
  }

  #leave(id: string, gone: Promise<unknown>): void {
    const all = Promise.all([this.#leaving.get(id), gone]).finally(() => {
      if (this.#leaving.get(id) === all) this.#leaving.delete(id);
    });
    this.#leaving.set(id, all);
  }
}
