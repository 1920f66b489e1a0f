export { isRecentOutboundMessageIdentity, recordOutboundMessageIdentity } from "./outbound/echo-guard.ts";
