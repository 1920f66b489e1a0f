export { resolveInboundDebounceMs } from "../channels/inbound/debouncer.ts";
export { createInboundDebouncer } from "./inbound/debounce.ts";
