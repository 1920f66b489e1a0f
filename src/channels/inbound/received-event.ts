import type { InboundMessage, MsgContext } from "../../contracts/channel-runtime.ts";
import type { PreparedTurn } from "./records.ts";

/** `message_received` (plugin-sdk spec 4.10); fields that a channel does not know are absent. */
export interface ReceivedEvent {
  from: string;
  content: string;
  senderId?: string | undefined;
  replyToId?: string | undefined;
  [field: string]: unknown;
}

/** Of a message on the host's own path. */
export function receivedMessage({
  reply,
  text,
  sender,
  conversation,
  ...message
}: InboundMessage): ReceivedEvent {
  return {
    from: reply.to,
    content: text,
    senderId: sender.id,
    threadId: conversation.threadId,
    replyToId: reply.replyToId,
    timestamp: message.timestamp,
    metadata: { ...message.metadata, senderName: sender.name, chatType: conversation.kind },
  };
}

/** Of a message whose turn a plugin prepared. */
export function receivedTurn({ request, ctx }: PreparedTurn): ReceivedEvent {
  return {
    from: ctx.From ?? ctx.SenderId ?? "",
    content: ctx.RawBody ?? request.text,
    senderId: ctx.SenderId,
    threadId: ctx.MessageThreadId,
    timestamp: ctx.Timestamp,
    replyToId: ctx.ReplyToId,
    ...named(ctx, {
      ReplyToIdFull: "replyToIdFull",
      ReplyToBody: "replyToBody",
      ReplyToSender: "replyToSender",
      ReplyToIsQuote: "replyToIsQuote",
      media: "media",
    }),
    ...locationOf(ctx),
    metadata: named(ctx, {
      Provider: "provider",
      Surface: "surface",
      To: "to",
      ChatType: "chatType",
      SenderName: "senderName",
      SenderUsername: "senderUsername",
      SenderE164: "senderE164",
      GroupSubject: "groupSubject",
      GroupChannel: "groupChannel",
      GroupSpace: "guildId",
      OriginatingChannel: "originatingChannel",
      OriginatingTo: "originatingTo",
      MessageSid: "messageId",
    }),
  };
}

function locationOf(ctx: MsgContext): { location?: Record<string, unknown> } {
  if (typeof ctx["LocationLat"] !== "number" || typeof ctx["LocationLon"] !== "number") return {};
  const location = named(ctx, {
    LocationLat: "latitude",
    LocationLon: "longitude",
    LocationAccuracy: "accuracy",
    LocationName: "name",
    LocationAddress: "address",
    LocationSource: "source",
    LocationIsLive: "isLive",
    LocationCaption: "caption",
  });
  return { location };
}

function named(ctx: MsgContext, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [from, to] of Object.entries(names)) if (ctx[from] !== undefined) fields[to] = ctx[from];
  return fields;
}
