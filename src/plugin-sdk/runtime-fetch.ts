export { fetchWithRuntimeDispatcher } from "../runtime/egress/index.ts";
export { fetchWithRuntimeDispatcherOrMockedGlobal } from "./net/runtime-fetch.ts";
