import { AsyncLocalStorage } from "node:async_hooks";

/** Who called the gateway, for code that runs on behalf of the request. */
export interface GatewayRequestScope {
  readonly client: { readonly connect: { readonly role: string; readonly scopes: readonly string[] } };
  readonly pluginId: string;
  /** @throws when the caller has gone or may no longer act */
  revalidate(): void;
}

const KEY = Symbol.for("sluice.gateway-request-scope");

/** Seen by the host's bundle and by the SDK's copy alike, like `pluginScope`. */
export function gatewayRequestScope(): AsyncLocalStorage<GatewayRequestScope> {
  const slots = globalThis as { [KEY]?: AsyncLocalStorage<GatewayRequestScope> };
  slots[KEY] ??= new AsyncLocalStorage();
  return slots[KEY];
}
