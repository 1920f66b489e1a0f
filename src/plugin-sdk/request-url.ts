export { isLoopbackHost } from "../runtime/egress/addresses.ts";
export { resolveRequestUrl } from "../runtime/egress/dispatched-fetch.ts";
