import { type GatewayRequestScope, gatewayRequestScope } from "../plugins/loading/request-scope.ts";

export {
  createChannelInteractiveDispatcher,
  dispatchPluginInteractiveHandler,
} from "./interactive/callbacks.ts";

/**
 * The runner of the typed hooks, for plugins that deliver messages by themselves. `null`: this host runs
 * them on its own delivery path, which every message takes.
 */
export function getGlobalHookRunner(): null {
  return null;
}

/** Who made the request that runs now; `undefined` outside of one. */
export function getPluginRuntimeGatewayRequestScope(): GatewayRequestScope | undefined {
  return gatewayRequestScope().getStore();
}
