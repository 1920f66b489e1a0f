export { closeDispatcher, createPinnedDispatcher } from "../runtime/egress/dispatchers.ts";
export { resolvePinnedHostnameWithPolicy } from "../runtime/egress/pinned-hostname.ts";
