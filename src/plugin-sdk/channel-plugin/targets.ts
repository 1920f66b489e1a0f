import { resolveAgentRoute } from "../../channels/routing/agent-route.ts";
import { buildAgentSessionKey } from "../../channels/routing/session-key.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { normalizeStringEntries } from "../values/strings.ts";

/** Comma or line separated text as a list; `undefined` when there is nothing in it. */
export function parseOptionalDelimitedEntries(value?: string): string[] | undefined {
  const entries = normalizeStringEntries((value ?? "").split(/[\n,;]+/));
  return entries.length > 0 ? entries : undefined;
}

/** Takes `<provider>:` away, whichever of the given names it is. */
export function stripChannelTargetPrefix(raw: string, ...providers: string[]): string {
  const target = raw.trim();
  const lower = target.toLowerCase();
  const prefix = providers.find((provider) => lower.startsWith(`${provider.toLowerCase()}:`));
  return prefix === undefined ? target : target.slice(prefix.length + 1).trim();
}

/** Takes `user:`, `channel:`, `group:`, `conversation:`, `room:` or `dm:` away. */
export function stripTargetKindPrefix(raw: string): string {
  return raw.trim().replace(/^(?:user|channel|group|conversation|room|dm):\s*/i, "");
}

type PeerKind = "direct" | "group" | "channel";

export interface ChannelOutboundSessionRoute {
  sessionKey: string;
  baseSessionKey: string;
  recipientSessionExact?: boolean | "direct-alias" | "delivery-identity";
  peer: { kind: PeerKind; id: string };
  chatType: PeerKind;
  from: string;
  to: string;
  threadId?: string | number;
}

/** The session that a message sent to a target belongs to (spec 1.8). */
export function buildChannelOutboundSessionRoute(params: {
  cfg: ChannelConfig;
  agentId: string;
  channel: string;
  accountId?: string | null;
  recipientSessionExact?: ChannelOutboundSessionRoute["recipientSessionExact"];
  peer: { kind: PeerKind; id: string };
  chatType: PeerKind;
  from: string;
  to: string;
  threadId?: string | number;
}): ChannelOutboundSessionRoute {
  const baseSessionKey = buildOutboundBaseSessionKey(params);
  return {
    sessionKey: baseSessionKey,
    baseSessionKey,
    ...(params.recipientSessionExact === undefined
      ? {}
      : { recipientSessionExact: params.recipientSessionExact }),
    peer: params.peer,
    chatType: params.chatType,
    from: params.from,
    to: params.to,
    ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
  };
}

export function buildOutboundBaseSessionKey(params: {
  cfg: ChannelConfig;
  agentId: string;
  channel: string;
  accountId?: string | null;
  peer: { kind: PeerKind; id: string };
}): string {
  const { cfg, channel, accountId, peer, agentId } = params;
  const route = resolveAgentRoute({
    cfg,
    channel,
    accountId: accountId ?? null,
    peer,
    defaultAgentId: agentId,
  });
  return buildAgentSessionKey({
    agentId,
    channel,
    accountId: route.accountId,
    peer,
    dmScope: route.dmScope,
    groupScope: route.groupScope,
  });
}

export function resolveThreadSessionKeys(params: {
  baseSessionKey: string;
  threadId?: string | null | undefined;
  parentSessionKey?: string | undefined;
  useSuffix?: boolean;
  normalizeThreadId?(threadId: string): string;
}): { sessionKey: string; parentSessionKey?: string } {
  const thread = params.threadId?.trim();
  if (!thread) return { sessionKey: params.baseSessionKey };
  const normalized = params.normalizeThreadId?.(thread) ?? thread.toLowerCase();
  return {
    sessionKey:
      params.useSuffix === false ? params.baseSessionKey : `${params.baseSessionKey}:thread:${normalized}`,
    ...(params.parentSessionKey === undefined ? {} : { parentSessionKey: params.parentSessionKey }),
  };
}

/** The thread suffix of a session key and what is left without it. */
export function parseThreadSessionSuffix(sessionKey: string | null | undefined): {
  baseSessionKey: string | undefined;
  threadId: string | undefined;
} {
  const match = /^(.*?):(?:thread|topic):([^:]+(?::[^:]+)*)$/i.exec(sessionKey ?? "");
  return { baseSessionKey: match?.[1] ?? sessionKey ?? undefined, threadId: match?.[2] };
}

type ThreadSource = "replyToId" | "threadId" | "currentSession";

/** The route of a message inside a thread, which may be named by the call or by the current session. */
export function buildThreadAwareOutboundSessionRoute(params: {
  route: ChannelOutboundSessionRoute;
  replyToId?: string | number | null;
  threadId?: string | number | null;
  currentSessionKey?: string | null;
  precedence?: readonly ThreadSource[];
  useSuffix?: boolean;
  parentSessionKey?: string;
  normalizeThreadId?(threadId: string): string;
  canRecoverCurrentThread?(context: object): boolean;
}): ChannelOutboundSessionRoute {
  const { route } = params;
  const current = recoverCurrentThreadSessionId(params);
  const candidates: Record<ThreadSource, string | undefined> = {
    replyToId: asThread(params.replyToId),
    threadId: asThread(params.threadId),
    currentSession: current,
  };
  const order = params.precedence ?? ["threadId", "replyToId", "currentSession"];
  const threadId = order.map((source) => candidates[source]).find((thread) => thread !== undefined);
  if (threadId === undefined) return route;
  const keys = resolveThreadSessionKeys({ ...params, baseSessionKey: route.baseSessionKey, threadId });
  return { ...route, sessionKey: keys.sessionKey, threadId };
}

export function recoverCurrentThreadSessionId(params: {
  route: ChannelOutboundSessionRoute;
  currentSessionKey?: string | null;
  canRecoverCurrentThread?(context: object): boolean;
}): string | undefined {
  const { baseSessionKey, threadId } = parseThreadSessionSuffix(params.currentSessionKey);
  if (threadId === undefined || baseSessionKey !== params.route.baseSessionKey) return undefined;
  const context = { route: params.route, currentBaseSessionKey: baseSessionKey, currentThreadId: threadId };
  return params.canRecoverCurrentThread?.(context) === false ? undefined : threadId;
}

function asThread(value: string | number | null | undefined): string | undefined {
  const text = value === null || value === undefined ? "" : String(value).trim();
  return text === "" ? undefined : text;
}
