import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import type { PluginDiagnostic, RegistryGeneration, RegistryReader } from "../types.ts";
import { type CoreNames, compose, type EntryCache, type PlacedDraft } from "./compose.ts";

/** Holds the current generation. Publishing replaces it in one assignment (spec 2.13). */
export class PluginRegistry implements RegistryReader {
  #current: RegistryGeneration;
  #diagnostics: ReadonlyMap<string, readonly PluginDiagnostic[]> = new Map();
  readonly #core: CoreNames;
  readonly #cache: EntryCache = new WeakMap();
  readonly #changes: Emitter<readonly [RegistryGeneration, RegistryGeneration]>;

  constructor(core: CoreNames, onError: (error: unknown) => void) {
    this.#core = core;
    this.#changes = new Emitter(onError);
    this.#current = compose(0, [], core, this.#cache).generation;
  }

  current(): RegistryGeneration {
    return this.#current;
  }

  onChange(listener: (next: RegistryGeneration, previous: RegistryGeneration) => void): Disposable {
    return this.#changes.on(([next, previous]) => listener(next, previous));
  }

  /** Replaces the generation by one made from `drafts`. */
  publish(drafts: readonly PlacedDraft[]): RegistryGeneration {
    const previous = this.#current;
    const { generation, diagnostics } = compose(previous.id + 1, drafts, this.#core, this.#cache);
    this.#current = generation;
    this.#diagnostics = diagnostics;
    this.#changes.emit([generation, previous]);
    return generation;
  }

  /** What competition with other plugins cost this one. */
  conflictsOf(pluginId: string): readonly PluginDiagnostic[] {
    return this.#diagnostics.get(pluginId) ?? [];
  }
}
