import type { ChannelConfig } from "../../contracts/channel.ts";
import { resolveAgentIdentity } from "../agents/agent-settings.ts";
import { withoutUndefined } from "../values/records.ts";

export interface OutboundIdentity {
  name?: string;
  avatarUrl?: string;
  emoji?: string;
  theme?: string;
}

/** Under which name and picture an agent speaks; a picture that is no address can not be shown elsewhere. */
export function resolveAgentOutboundIdentity(
  cfg: ChannelConfig,
  agentId: string,
): OutboundIdentity | undefined {
  const identity = resolveAgentIdentity(cfg, agentId);
  const text = (value: string | undefined) => value?.trim() || undefined;
  const avatar = text(identity?.avatar);
  const outbound = withoutUndefined({
    name: text(identity?.name),
    emoji: text(identity?.emoji),
    theme: text(identity?.theme),
    avatarUrl: avatar && /^https?:\/\//i.test(avatar) ? avatar : undefined,
  }) as OutboundIdentity;
  return Object.keys(outbound).length > 0 ? outbound : undefined;
}

export interface OutboundSession {
  key?: string;
  agentId?: string;
  requesterAccountId?: string;
  requesterSenderId?: string;
}

/** For whom a message is sent; nothing where nothing is known. */
export function buildOutboundSessionContext(params: {
  cfg?: ChannelConfig;
  sessionKey?: string | null;
  agentId?: string | null;
  requesterAccountId?: string | null;
  requesterSenderId?: string | null;
}): OutboundSession | undefined {
  const text = (value: string | null | undefined) => value?.trim() || undefined;
  const key = text(params.sessionKey);
  const session = withoutUndefined({
    key,
    agentId: text(params.agentId) ?? (key === undefined ? undefined : /^agent:([^:]+):/.exec(key)?.[1]),
    requesterAccountId: text(params.requesterAccountId),
    requesterSenderId: text(params.requesterSenderId),
  }) as OutboundSession;
  return Object.keys(session).length > 0 ? session : undefined;
}
