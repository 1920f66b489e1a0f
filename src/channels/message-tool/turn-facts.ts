import type { ChannelConfig, MessageToolDiscoveryContext } from "../../contracts/channel.ts";
import type { ToolFactoryContext } from "../../contracts/registrations.ts";

/** Who the turn belongs to, as channels are told (spec 1.15). */
export function discoveryOf(turn: ToolFactoryContext, cfg: ChannelConfig): MessageToolDiscoveryContext {
  const context: MessageToolDiscoveryContext = { cfg };
  const fields: [keyof MessageToolDiscoveryContext, unknown][] = [
    ["chatType", turn["chatType"]],
    ["currentChannelId", turn["messageTo"]],
    ["currentChannelProvider", turn.messageChannel],
    ["currentThreadTs", turn["messageThreadId"]],
    ["currentMessageId", turn["currentMessageId"]],
    ["accountId", turn.agentAccountId],
    ["sessionKey", turn.sessionKey],
    ["sessionId", turn.sessionId],
    ["agentId", turn.agentId],
    ["requesterSenderId", turn.requesterSenderId],
    ["senderIsOwner", turn.senderIsOwner],
  ];
  for (const [key, value] of fields) if (value !== undefined) Object.assign(context, { [key]: value });
  return context;
}
