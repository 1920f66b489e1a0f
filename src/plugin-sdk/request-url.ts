export { isLoopbackHost } from "./net/addresses.ts";
export { resolveRequestUrl } from "./net/runtime-fetch.ts";
