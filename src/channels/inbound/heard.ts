import type { InboundMessage, MsgContext } from "../../contracts/channel-runtime.ts";
import type { ConversationRef } from "../../contracts/conversation-binding.ts";
import { conversationOf } from "../../runtime/workflow/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import { asText } from "../config-values.ts";
import type { PreparedTurn } from "./records.ts";

/** A message that was let in, however it was described: what the host itself may answer or hand to a plugin. */
export interface HeardMessage {
  record: InboxRecord;
  conversation: ConversationRef;
  sessionKey: string;
  agentId: string;
  /** What commands are read from. */
  text: string;
  /** What the model would get. */
  textForAgent: string;
  senderId?: string;
  senderName?: string;
  senderUsername?: string;
  isGroup: boolean;
  /** The sender may give the host commands. */
  authorized: boolean;
  wasMentioned?: boolean;
  timestamp?: number;
  replyToId?: string;
  metadata?: Record<string, unknown>;
  media?: unknown;
  /** Where an answer goes. */
  to: string;
  toThreadId?: string;
}

/** A message on the host's own path. */
export function heardMessage(
  record: InboxRecord,
  message: InboundMessage,
  facts: { sessionKey: string; agentId: string; authorized: boolean; wasMentioned: boolean },
): HeardMessage {
  const { conversation, sender, reply } = message;
  return {
    record,
    conversation: {
      channel: record.channel,
      accountId: record.accountId,
      conversationId: conversation.id,
      ...(conversation.parentId === undefined ? {} : { parentConversationId: conversation.parentId }),
      ...(conversation.threadId === undefined ? {} : { threadId: conversation.threadId }),
    },
    ...facts,
    text: message.text,
    textForAgent: message.textForAgent ?? message.text,
    senderId: sender.id,
    ...(sender.name === undefined ? {} : { senderName: sender.name }),
    ...(sender.username === undefined ? {} : { senderUsername: sender.username }),
    isGroup: conversation.kind !== "direct",
    ...(message.timestamp === undefined ? {} : { timestamp: message.timestamp }),
    ...(reply.replyToId === undefined ? {} : { replyToId: reply.replyToId }),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    to: reply.to,
    ...(reply.threadId === undefined ? {} : { toThreadId: reply.threadId }),
  };
}

/** A message whose turn a plugin prepared; it applied its own rules of access. */
export function heardTurn(record: InboxRecord, { request, ctx }: PreparedTurn): HeardMessage {
  const context = request.context ?? {};
  const to = request.deliver?.to ?? asText(context["to"]) ?? "";
  const name = asText(ctx.SenderName);
  const username = asText(ctx["SenderUsername"]);
  const mentioned = ctx["WasMentioned"];
  return {
    record,
    conversation: conversationOf(request) ?? {
      channel: record.channel,
      accountId: record.accountId,
      conversationId: to,
    },
    sessionKey: request.sessionKey,
    agentId: request.agentId,
    text: commandText(ctx),
    textForAgent: request.text,
    ...(ctx.SenderId === undefined ? {} : { senderId: ctx.SenderId }),
    ...(name === undefined ? {} : { senderName: name }),
    ...(username === undefined ? {} : { senderUsername: username }),
    isGroup: ctx.ChatType !== undefined && ctx.ChatType !== "direct",
    authorized: context["senderIsOwner"] === true,
    ...(typeof mentioned === "boolean" ? { wasMentioned: mentioned } : {}),
    ...(typeof ctx.Timestamp === "number" ? { timestamp: ctx.Timestamp } : {}),
    ...(ctx.ReplyToId === undefined ? {} : { replyToId: ctx.ReplyToId }),
    ...(ctx["media"] === undefined ? {} : { media: ctx["media"] }),
    to,
    ...(request.deliver?.threadId === undefined ? {} : { toThreadId: request.deliver.threadId }),
  };
}

/** What commands are read from; a plugin may have said that nothing in the message is one. */
export function commandText(ctx: MsgContext): string {
  return asText(ctx.BodyForCommands) ?? asText(ctx.CommandBody) ?? asText(ctx.RawBody) ?? "";
}
