import type { PluginRuntime } from "../../contracts/runtime.ts";
import type { SdkServices } from "../../contracts/sdk-services.ts";
import { type Disposable, disposable } from "../../kernel/disposable.ts";
import type { HookRunner } from "../types.ts";

/**
 * Older SDK functions (`getRuntimeConfig`, `enqueueSystemEvent`…) take no `api.runtime`; they find the
 * gateway here. The slot is named by a registered symbol because the SDK is another copy of our modules.
 */
const SLOT = Symbol.for("sluice.plugin-sdk.host");

interface SdkHost {
  readonly runtime: PluginRuntime;
  readonly hooks: HookRunner;
  /** What functions of the SDK remember while this gateway runs, by name. */
  readonly memory: Map<string, unknown>;
  readonly services?: SdkServices;
}

/**
 * Lets the SDK's ambient functions reach this gateway until the result is disposed. Of several gateways in
 * one process the one announced last answers, and the one before it again when that one has gone.
 */
export function announceSdkHost(
  runtime: () => PluginRuntime,
  hooks: HookRunner,
  services?: SdkServices,
): Disposable {
  const slots = globalThis as unknown as Record<symbol, SdkHost | undefined>;
  const previous = slots[SLOT];
  let made: PluginRuntime | undefined;
  const host: SdkHost = {
    hooks,
    memory: new Map(),
    ...(services === undefined ? {} : { services }),
    get runtime() {
      made ??= runtime();
      return made;
    },
  };
  slots[SLOT] = host;
  return disposable(() => {
    if (slots[SLOT] === host) slots[SLOT] = previous;
  });
}
