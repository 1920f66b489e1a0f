export { closeDispatcher, createPinnedDispatcher } from "./net/dispatchers.ts";
export { resolvePinnedHostnameWithPolicy } from "./net/guarded-fetch.ts";
