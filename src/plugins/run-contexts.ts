import { isJsonValue } from "./registry/json-value.ts";

/** Runs whose plugin data is kept at once; the oldest gives way. */
export const MAX_TRACKED_RUNS = 10_000;

/**
 * Scratch data of plugins for one agent run: by plugin, run and namespace, in memory, gone when the run is
 * over (spec 3.23).
 */
export class RunContexts {
  readonly #runs = new Map<string, Map<string, unknown>>();

  /** A run began; only known runs can hold data. */
  open(runId: string): void {
    if (this.#runs.has(runId)) return;
    if (this.#runs.size >= MAX_TRACKED_RUNS) this.#runs.delete(this.#runs.keys().next().value as string);
    this.#runs.set(runId, new Map());
  }

  close(runId: string): void {
    this.#runs.delete(runId);
  }

  has(runId: string): boolean {
    return this.#runs.has(runId);
  }

  set(pluginId: string, { runId, namespace, value, unset }: SetParams): boolean {
    const run = this.#runs.get(runId);
    if (!run || typeof namespace !== "string" || namespace === "") return false;
    const key = keyOf(pluginId, namespace);
    if (unset) {
      run.delete(key);
      return true;
    }
    if (!isJsonValue(value)) return false;
    run.set(key, structuredClone(value));
    return true;
  }

  get(pluginId: string, { runId, namespace }: { runId: string; namespace: string }): unknown {
    return structuredClone(this.#runs.get(runId)?.get(keyOf(pluginId, namespace)));
  }

  clear(pluginId: string, { runId, namespace }: { runId: string; namespace?: string }): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    if (namespace !== undefined) run.delete(keyOf(pluginId, namespace));
    else for (const key of [...run.keys()]) if (key.startsWith(`${pluginId}\0`)) run.delete(key);
  }

  /** Forgets everything of a plugin that is gone. */
  forget(pluginId: string): void {
    for (const runId of this.#runs.keys()) this.clear(pluginId, { runId });
  }
}

interface SetParams {
  runId: string;
  namespace: string;
  value?: unknown;
  unset?: boolean;
}

function keyOf(pluginId: string, namespace: string): string {
  return `${pluginId}\0${namespace}`;
}
