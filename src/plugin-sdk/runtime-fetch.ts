export { fetchWithRuntimeDispatcher } from "../runtime/egress/dispatched-fetch.ts";
export { fetchWithRuntimeDispatcherOrMockedGlobal } from "./net/runtime-fetch.ts";
