export { buildAgentSessionKey } from "../channels/routing/session-key.ts";
export { parseAgentSessionKey, resolveAgentIdFromSessionKey } from "./routing.ts";
