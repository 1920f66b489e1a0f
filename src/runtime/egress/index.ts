/** The guard of everything that is fetched for somebody else; see the README. */
export { SsrFBlockedError } from "./blocked-error.ts";
export { fetchWithSsrFGuard, type GuardedFetchOptions, type GuardedFetchResult } from "./guarded-fetch.ts";
