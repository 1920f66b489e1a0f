import type { ChannelConfig } from "../../contracts/channel.ts";
import type { InboundMessage } from "../../contracts/channel-runtime.ts";
import type { DeliveryTarget, TurnRequest } from "../../store/records.ts";
import { asRecord, asRecordList, asText } from "../config-values.ts";
import { type AgentRoute, resolveAgentRoute } from "../routing/agent-route.ts";
import { agentText, senderLabel, withHistory } from "./envelope.ts";

/** Which agent and session a message belongs to. */
export function routeMessage(message: InboundMessage, cfg: ChannelConfig): AgentRoute {
  const { conversation, sender } = message;
  const isDirect = conversation.kind === "direct";
  const route = resolveAgentRoute({
    cfg,
    channel: message.channel,
    accountId: message.accountId,
    peer: { kind: conversation.kind, id: isDirect ? sender.id : conversation.id },
    ...(conversation.parentId ? { parentPeer: { kind: conversation.kind, id: conversation.parentId } } : {}),
  });
  if (conversation.threadId === undefined) return route;
  return { ...route, sessionKey: `${route.sessionKey}:thread:${conversation.threadId.toLowerCase()}` };
}

/** The turn that answers a message: what the model reads and where the answer goes. */
export function buildTurnRequest(params: {
  message: InboundMessage;
  route: AgentRoute;
  history: readonly InboundMessage[];
  inboxId: string;
  cfg: ChannelConfig;
  commandAuthorized: boolean;
}): TurnRequest {
  const { message, route, history, inboxId } = params;
  const { conversation, sender } = message;
  const current = agentText(message);
  const text = withHistory(history, current);
  const deliver: DeliveryTarget = {
    channel: message.channel,
    accountId: message.accountId,
    to: message.reply.to,
  };
  if (message.reply.threadId !== undefined) deliver.threadId = message.reply.threadId;
  if (message.reply.replyToId !== undefined) deliver.replyToId = message.reply.replyToId;
  const sessionPatch: Record<string, unknown> = {
    channel: message.channel,
    chatType: conversation.kind,
    displayName:
      conversation.kind === "direct" ? senderLabel(message) : (conversation.label ?? conversation.id),
    lastChannel: message.channel,
    lastTo: message.reply.to,
    lastAccountId: message.accountId,
  };
  if (message.reply.threadId !== undefined) sessionPatch["lastThreadId"] = message.reply.threadId;
  const request: TurnRequest = {
    runId: inboxId,
    inboxId,
    sessionKey: route.sessionKey,
    agentId: route.agentId,
    origin: "channel",
    text,
    sessionPatch,
    context: {
      channel: message.channel,
      accountId: message.accountId,
      chatType: conversation.kind,
      conversationId: conversation.id,
      messageId: message.messageId,
      senderId: sender.id,
      senderName: senderLabel(message),
      senderIsOwner: params.commandAuthorized,
      to: message.reply.to,
      ...(conversation.threadId === undefined ? {} : { threadId: conversation.threadId }),
      ...(conversation.parentId === undefined ? {} : { parentConversationId: conversation.parentId }),
      // What the agent reads may carry more than what was typed.
      ...(current === message.text ? {} : { commandBody: message.text }),
    },
  };
  if (text !== current) request.transcriptText = current;
  const policy = resolveSendPolicy(params.cfg, {
    channel: message.channel,
    chatType: conversation.kind,
    sessionKey: route.sessionKey,
  });
  if (policy === "allow") request.deliver = deliver;
  return request;
}

/** `session.sendPolicy`: the first rule that matches decides; `deny` runs the turn and sends nothing. */
export function resolveSendPolicy(
  cfg: ChannelConfig,
  target: { channel: string; chatType: string; sessionKey: string },
): "allow" | "deny" {
  const policy = asRecord(asRecord(cfg["session"])["sendPolicy"]);
  for (const rule of asRecordList(policy["rules"])) {
    const match = asRecord(rule["match"]);
    const channel = asText(match["channel"]);
    const chatType = asText(match["chatType"]);
    const keyPrefix = asText(match["keyPrefix"]);
    if (channel !== undefined && channel !== target.channel) continue;
    if (chatType !== undefined && chatType !== target.chatType) continue;
    if (keyPrefix !== undefined && !target.sessionKey.startsWith(keyPrefix)) continue;
    return rule["action"] === "deny" ? "deny" : "allow";
  }
  return policy["default"] === "deny" ? "deny" : "allow";
}
