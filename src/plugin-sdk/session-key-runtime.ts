import { parseAgentSessionKey } from "./routing.ts";

export { buildAgentSessionKey } from "../channels/routing/session-key.ts";
export { parseAgentSessionKey, resolveAgentIdFromSessionKey } from "./routing.ts";

/** True for a conversation that is kept nowhere; its key says so in the part after the agent. */
export function isIncognitoSessionKey(sessionKey: string | undefined | null): boolean {
  const rest = parseAgentSessionKey(sessionKey)?.rest ?? sessionKey?.trim() ?? "";
  return /(?:^|:)incognito(?::|$)/i.test(rest);
}
