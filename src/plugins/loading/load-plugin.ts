import { type CheckedCandidate, checkCandidate } from "./check-candidate.ts";
import type { LoadedDefinition } from "./definition.ts";
import { importDefinition } from "./import-entry.ts";
import { PluginInstance } from "./instance.ts";
import type { LoadEnvironment } from "./load-environment.ts";
import type { LoadedPlugin, LoadRequest } from "./loaded-plugin.ts";
import { asFailure } from "./plugin-failure.ts";
import { registerDefinition } from "./register-definition.ts";
import { SlowImport } from "./slow-import.ts";

/**
 * Loads one plugin: validates its settings, imports its entry, calls `register(api)` (spec 2.11). Until it
 * returns nothing of the plugin is visible anywhere; when it fails, everything the plugin acquired is closed.
 *
 * @throws PluginFailure
 */
export async function loadPlugin(environment: LoadEnvironment, request: LoadRequest): Promise<LoadedPlugin> {
  const loaded = await startLoading(environment, request);
  if (!(loaded instanceof SlowImport)) return loaded;
  await loaded.ended;
  return loaded.register();
}

/**
 * The same for somebody who does not wait for ever: when the import takes longer than other plugins wait for it,
 * gives it back as it is, to be registered when it ended.
 *
 * @throws PluginFailure
 */
export async function startLoading(
  environment: LoadEnvironment,
  request: LoadRequest,
): Promise<LoadedPlugin | SlowImport> {
  return new PluginLoad(environment, request, await checkCandidate(environment, request)).begin();
}

/** One attempt to load a plugin. */
class PluginLoad {
  readonly #environment: LoadEnvironment;
  readonly #request: LoadRequest;
  readonly #checked: CheckedCandidate;
  readonly #instance: PluginInstance;

  constructor(environment: LoadEnvironment, request: LoadRequest, checked: CheckedCandidate) {
    const { parent, watch, leftovers, clock } = environment;
    const { known, generation, inspection = false } = request;
    this.#environment = environment;
    this.#request = request;
    this.#checked = checked;
    // The import already belongs to the instance: timers that a module starts by itself are its own.
    const instance = new PluginInstance(known.candidate.id, generation, parent, { watch, inspection, clock });
    this.#instance = instance;
    // First in, so that it comes last: whatever the plugin closes itself is closed by then.
    if (leftovers) instance.scope.use({ dispose: () => leftovers.settle(instance) }, "what it left open");
  }

  get #id(): string {
    return this.#request.known.candidate.id;
  }

  async begin(): Promise<LoadedPlugin | SlowImport> {
    const { loader, surroundings, clock, stopping } = this.#environment;
    return this.#orClose(() =>
      loader.turns.take(async () => {
        stopping?.throwIfAborted();
        if (this.#request.known.candidate.origin !== "bundled") await loader.prepare();
        const leave = surroundings?.enter(this.#id) ?? (() => {});
        const { importing, begun } = this.#import();
        await Promise.race([begun, importing.catch(() => {})]);
        if (await loader.turns.outlasts(importing, clock, stopping)) {
          importing.then(leave, leave);
          const register = () => this.#registerLate(importing);
          return new SlowImport({ instance: this.#instance, importing, register });
        }
        try {
          return await this.#register(importing);
        } finally {
          leave();
        }
      }),
    );
  }

  /** `begun` resolves when it is the plugin's own code that is being imported. */
  #import() {
    let onBegun = () => {};
    const begun = new Promise<void>((resolve) => {
      onBegun = resolve;
    });
    const { entry } = this.#checked;
    const importing = this.#environment.trace.phase("import", this.#id, () =>
      importDefinition(this.#environment, this.#request, this.#instance, entry, onBegun),
    );
    return { importing, begun };
  }

  #registerLate(importing: Promise<LoadedDefinition>): Promise<LoadedPlugin> {
    const { loader, surroundings } = this.#environment;
    const register = () => this.#register(importing);
    return this.#orClose(() =>
      loader.turns.take(() => (surroundings ? surroundings.around(this.#id, register) : register())),
    );
  }

  async #register(importing: Promise<LoadedDefinition>): Promise<LoadedPlugin> {
    const definition = await importing;
    // Import and register are the plugin's own code: what waits is served between the two.
    await new Promise(setImmediate);
    return this.#environment.trace.phaseSync("register", this.#id, () =>
      registerDefinition(
        this.#environment,
        this.#request,
        this.#instance,
        definition,
        this.#checked.pluginConfig,
      ),
    );
  }

  async #orClose<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#instance.fence();
      await this.#instance.scope.dispose().catch(() => {});
      throw asFailure(error, this.#checked.entry);
    }
  }
}
