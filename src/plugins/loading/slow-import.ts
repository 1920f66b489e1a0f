import type { PluginInstance } from "./instance.ts";
import type { LoadedPlugin } from "./loaded-plugin.ts";

interface SlowImportParts {
  readonly instance: PluginInstance;
  /** Settles with the import. */
  readonly importing: Promise<unknown>;
  /** @throws PluginFailure */
  register(): Promise<LoadedPlugin>;
}

/** A plugin whose import takes so long that the others went ahead. Somebody registers it or gives it up. */
export class SlowImport {
  /** Resolves when the import is over: it ended, failed, reached its limit, or was given up. */
  readonly ended: Promise<void>;
  readonly #parts: SlowImportParts;

  constructor(parts: SlowImportParts) {
    this.#parts = parts;
    const end = () => {};
    this.ended = parts.importing.then(end, end);
  }

  /**
   * Registers what was imported, when it is its turn. When anything fails, everything the plugin acquired is closed.
   *
   * @throws PluginFailure
   */
  register(): Promise<LoadedPlugin> {
    return this.#parts.register();
  }

  /** Closes what the plugin acquired. Its code cannot be stopped, but nothing it does leads anywhere any more. */
  async giveUp(): Promise<void> {
    const { instance } = this.#parts;
    instance.fence();
    await instance.scope.dispose().catch(() => {});
  }
}
