import type { PluginKind } from "../../contracts/manifest.ts";
import type { PluginApi, PluginDefinition } from "../../contracts/plugin-api.ts";
import type { PluginRuntime } from "../../contracts/runtime.ts";

/** A definition in normal form: there is a register function. */
export interface LoadedDefinition extends PluginDefinition {
  register(api: PluginApi): unknown;
  kinds?: readonly PluginKind[];
}

/**
 * Finds the definition in a module (spec 2.11.2): its default export or the module itself, with CommonJS
 * wrapping undone; a function counts as `register`, `activate` as its older name.
 */
export function findDefinition(loaded: unknown): LoadedDefinition | undefined {
  for (const candidate of unwrap(loaded)) {
    if (typeof candidate === "function") {
      return { register: (api) => (candidate as (api: PluginApi) => unknown)(api) };
    }
    if (typeof candidate !== "object" || candidate === null) continue;
    const definition = candidate as PluginDefinition;
    const register = definition.register ?? definition.activate;
    if (typeof register !== "function") continue;
    return withRegister(definition, register);
  }
  return undefined;
}

interface SetupEntry {
  plugin?: { id: string };
  loadSetupPlugin?(): { id: string };
  setChannelRuntime?(runtime: PluginRuntime): void;
  registerSetupRuntime?(api: PluginApi): void;
}

/**
 * The definition of a light setup entry (spec 6.3, 6.6): an ordinary definition, `{ plugin }`, or an object
 * that loads its parts.
 */
export function findSetupDefinition(loaded: unknown): LoadedDefinition | undefined {
  const ordinary = findDefinition(loaded);
  if (ordinary) return ordinary;
  for (const candidate of unwrap(loaded)) {
    if (!isHolder(candidate)) continue;
    const entry = candidate as SetupEntry;
    if (!entry.plugin && typeof entry.loadSetupPlugin !== "function") continue;
    return { register: (api) => registerSetup(entry, api) };
  }
  return undefined;
}

function registerSetup(entry: SetupEntry, api: PluginApi): void {
  const plugin = entry.plugin ?? entry.loadSetupPlugin?.();
  if (plugin) api.registerChannel({ plugin });
  entry.setChannelRuntime?.(api.runtime);
  if (api.registrationMode === "setup-runtime") entry.registerSetupRuntime?.(api);
}

function withRegister(definition: PluginDefinition, register: (api: PluginApi) => unknown): LoadedDefinition {
  const kinds = ([] as unknown[])
    .concat(definition.kind ?? [])
    .filter((kind): kind is PluginKind => kind === "memory" || kind === "context-engine");
  // The definition may be a class instance or have lazy getters: read through instead of copying.
  return Object.create(definition, {
    register: { value: (api: PluginApi) => Reflect.apply(register, definition, [api]) },
    ...(kinds.length > 0 ? { kinds: { value: kinds } } : {}),
  }) as LoadedDefinition;
}

function unwrap(loaded: unknown): unknown[] {
  const candidates: unknown[] = [];
  let current = loaded;
  for (let depth = 0; depth < 3 && isHolder(current) && "default" in current; depth++) {
    current = current.default;
    candidates.unshift(current);
  }
  return [...candidates, loaded];
}

function isHolder(value: unknown): value is { default?: unknown } {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}
