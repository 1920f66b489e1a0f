export { fetchWithRuntimeDispatcher, fetchWithRuntimeDispatcherOrMockedGlobal } from "./net/runtime-fetch.ts";
