import { mainSessionKey, normalizeId } from "../channels/routing/session-key.ts";

export { resolveAgentRoute } from "../channels/routing/agent-route.ts";
export { buildAgentSessionKey, DEFAULT_MAIN_KEY } from "../channels/routing/session-key.ts";
export {
  DEFAULT_ACCOUNT_ID,
  normalizeAccountId,
  normalizeOptionalAccountId,
  resolveAccountEntry,
} from "./accounts/account-ids.ts";
export {
  buildOutboundBaseSessionKey,
  parseThreadSessionSuffix,
  resolveThreadSessionKeys,
} from "./channel-plugin/targets.ts";

export function normalizeAgentId(value: string | undefined | null): string {
  return normalizeId(value, "main");
}

export function normalizeMainKey(value: string | undefined | null): string {
  return value?.trim().toLowerCase() || "main";
}

export function buildAgentMainSessionKey(params: { agentId: string; mainKey?: string }): string {
  return mainSessionKey(params.agentId, params.mainKey);
}

export function parseAgentSessionKey(
  sessionKey: string | undefined | null,
): { agentId: string; rest: string } | null {
  const match = /^agent:([^:]+):(.+)$/i.exec(sessionKey?.trim() ?? "");
  return match ? { agentId: normalizeAgentId(match[1]), rest: match[2] as string } : null;
}

export function resolveAgentIdFromSessionKey(sessionKey: string | undefined | null): string {
  return parseAgentSessionKey(sessionKey)?.agentId ?? normalizeAgentId(undefined);
}

function restOf(sessionKey: string | undefined | null): string {
  return (parseAgentSessionKey(sessionKey)?.rest ?? sessionKey ?? "").trim().toLowerCase();
}

export function isSubagentSessionKey(sessionKey: string | undefined | null): boolean {
  return restOf(sessionKey).startsWith("subagent:");
}

export function isAcpSessionKey(sessionKey: string | undefined | null): boolean {
  return restOf(sessionKey).startsWith("acp:");
}

export function isCronSessionKey(sessionKey: string | undefined | null): boolean {
  return restOf(sessionKey).startsWith("cron:");
}

/** Which session's last route an inbound message moves. */
export function deriveLastRoutePolicy(params: {
  sessionKey: string;
  mainSessionKey: string;
}): "main" | "session" {
  return params.sessionKey === params.mainSessionKey ? "main" : "session";
}

export function resolveInboundLastRouteSessionKey(params: {
  route: { lastRoutePolicy?: "main" | "session"; mainSessionKey: string };
  sessionKey: string;
}): string {
  return params.route.lastRoutePolicy === "main" ? params.route.mainSessionKey : params.sessionKey;
}

export function buildGroupHistoryKey(params: {
  channel: string;
  accountId?: string | null;
  peerKind: string;
  peerId: string;
}): string {
  return `${params.channel}:${params.accountId?.trim() || "default"}:${params.peerKind}:${params.peerId}`;
}

export function normalizeMessageChannel(raw?: string | null): string | undefined {
  return raw?.trim().toLowerCase() || undefined;
}
