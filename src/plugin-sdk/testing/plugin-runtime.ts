import type { PluginRuntime } from "../../contracts/runtime.ts";
import { isRecord } from "../values/records.ts";

type Members = Record<string, unknown>;

/**
 * An `api.runtime` for unit tests (spec 7): `config` holds a configuration that can be read and changed; everything
 * else is there and resolves with nothing. `overrides` are laid over it, namespace by namespace.
 */
export function createPluginRuntimeMock(overrides: Members = {}): PluginRuntime {
  let current: Members = {};
  const change = (next: Members, afterWrite: unknown) => {
    current = next;
    const mode = isRecord(afterWrite) ? afterWrite["mode"] : undefined;
    const restart = mode === "restart";
    const followUp = { mode: mode ?? "auto", requiresRestart: restart };
    return { config: current, afterWrite, followUp };
  };
  const config = {
    current: () => current,
    loadConfig: () => current,
    async mutateConfigFile({ afterWrite, mutate }: { afterWrite: unknown; mutate(draft: Members): unknown }) {
      const draft = structuredClone(current);
      return change(((await mutate(draft)) as Members | undefined) ?? draft, afterWrite);
    },
    async replaceConfigFile({ afterWrite, nextConfig }: { afterWrite: unknown; nextConfig: Members }) {
      return change(nextConfig, afterWrite);
    },
    async writeConfigFile(next: Members) {
      current = next;
    },
  };
  return laidOver({ config }, overrides) as unknown as PluginRuntime;
}

/** Members of both, those of `over` first; what neither has is an empty namespace or a function that does nothing. */
function laidOver(base: Members, over: Members, depth = 0): Members {
  const members: Members = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = members[key];
    members[key] =
      isRecord(value) && depth < 3 ? laidOver(isRecord(before) ? before : {}, value, depth + 1) : value;
  }
  if (depth === 0) {
    for (const [key, value] of Object.entries(members)) {
      if (isRecord(value) && !(key in over)) members[key] = laidOver(value, {}, 1);
    }
  }
  return new Proxy(members, {
    get(target, key) {
      if (typeof key === "symbol" || key in target || key === "then" || key === "toJSON") {
        return Reflect.get(target, key) as unknown;
      }
      target[key] = depth === 0 ? laidOver({}, {}, 1) : async () => undefined;
      return target[key];
    },
  });
}

/** Where a command writes; `exit` throws, unless told otherwise. */
export function createRuntimeEnv({ throwOnExit = true }: { throwOnExit?: boolean } = {}) {
  return {
    log: (..._said: unknown[]) => {},
    error: (..._said: unknown[]) => {},
    exit: (code: number) => {
      if (throwOnExit) throw new Error(`exit ${code}`);
    },
  };
}

/** A prompter that answers at once: the first option, no text, no. */
export function createTestWizardPrompter(overrides: Members = {}): Members {
  return {
    intro: async () => {},
    outro: async () => {},
    note: async () => {},
    select: async ({ options }: { options?: readonly { value: unknown }[] }) => options?.[0]?.value,
    multiselect: async () => [],
    text: async () => "",
    confirm: async () => false,
    progress: () => ({ update: () => {}, stop: () => {} }),
    ...overrides,
  };
}
