import type { PluginRuntime } from "../../contracts/runtime.ts";
import type { SdkServices } from "../../contracts/sdk-services.ts";
import type { HookRunner } from "../../plugins/types.ts";

/**
 * Older SDK functions reach the host without being handed `api.runtime`. The host that loads plugins puts
 * itself here; where several live in one process, the one that loaded a plugin last answers.
 */
export interface AmbientHost {
  runtime: PluginRuntime;
  hooks: HookRunner;
  memory: Map<string, unknown>;
  /** Absent where plugins are only tried out, without a gateway. */
  services?: SdkServices;
}

const SLOT = Symbol.for("sluice.plugin-sdk.host");

export function currentHost(): AmbientHost | undefined {
  return (globalThis as unknown as Record<symbol, AmbientHost | undefined>)[SLOT];
}

/** @throws when no host is running, naming what was asked for */
export function requireHost(what: string): AmbientHost {
  const host = currentHost();
  if (!host) throw new Error(`${what} needs a running gateway; take it from api.runtime inside register()`);
  return host;
}

/** @throws when no gateway is running, naming what was asked for */
export function requireServices(what: string): SdkServices {
  const { services } = requireHost(what);
  if (!services) throw new Error(`${what} needs a running gateway`);
  return services;
}
