import type { EgressPolicy } from "../../contracts/egress.ts";
import { fetchWithRuntimeDispatcher } from "./dispatched-fetch.ts";
import {
  closeDispatcher,
  createHttp1EnvHttpProxyAgent,
  createPinnedDispatcher,
  type DispatcherPolicy,
} from "./dispatchers.ts";
import type { PinnedHostname } from "./pinned-hostname.ts";

/** One request through a proxy: that of the environment unless `route` says where a checked host is reached. */
export async function sendThroughProxy(
  url: URL,
  init: RequestInit,
  route?: { pinned: PinnedHostname; dispatcherPolicy: DispatcherPolicy; policy: EgressPolicy | undefined },
): Promise<{ response: Response; close(): Promise<void> }> {
  const dispatcher = route
    ? createPinnedDispatcher(route.pinned, route.dispatcherPolicy, route.policy)
    : createHttp1EnvHttpProxyAgent();
  const close = () => closeDispatcher(dispatcher);
  try {
    const response = await fetchWithRuntimeDispatcher(url, { ...init, redirect: "manual", dispatcher });
    return { response, close };
  } catch (error) {
    await close();
    throw error;
  }
}
