import type { MessageHookContext } from "../../contracts/hooks.ts";
import { readPath, type UnknownRecord, withoutUndefined } from "../values/records.ts";

/** Message hook payloads, for plugins that deliver messages by themselves. */

export interface MessageFacts extends MessageHookContext {
  callDepth?: number;
}

export interface ReceivedMessageFacts extends MessageFacts {
  from: string;
  to?: string;
  content: string;
  timestamp?: number;
  threadId?: string | number;
  isGroup?: boolean;
  groupId?: string;
}

export interface SentMessageFacts extends MessageFacts {
  to: string;
  content: string;
  success: boolean;
  error?: string;
}

export function buildCanonicalSentMessageHookContext(params: SentMessageFacts): SentMessageFacts {
  return { ...withoutUndefined(params), conversationId: params.conversationId ?? params.to };
}

/** The facts of an inbound message, out of the context its turn is given (spec 1.16). */
export function deriveInboundMessageHookContext(
  ctx: UnknownRecord,
  overrides: { content?: string; messageId?: string } = {},
): ReceivedMessageFacts {
  const text = (...keys: string[]) =>
    keys.map((key) => ctx[key]).find((value): value is string => typeof value === "string" && value !== "");
  const isGroup = ctx["ChatType"] !== undefined && ctx["ChatType"] !== "direct";
  const conversationId = text("OriginatingTo", "To", "From");
  return withoutUndefined({
    from: text("From") ?? "",
    to: text("To"),
    content: overrides.content ?? text("BodyForCommands", "RawBody", "CommandBody", "Body") ?? "",
    body: text("Body"),
    bodyForAgent: text("BodyForAgent"),
    transcript: text("Transcript"),
    timestamp: typeof ctx["Timestamp"] === "number" ? ctx["Timestamp"] : undefined,
    channelId: (text("OriginatingChannel", "Surface", "Provider") ?? "").toLowerCase(),
    accountId: text("AccountId"),
    conversationId,
    sessionKey: text("SessionKey"),
    messageId: overrides.messageId ?? text("MessageSidFull", "MessageSid", "MessageSidLast"),
    senderId: text("SenderId"),
    senderName: text("SenderName"),
    senderUsername: text("SenderUsername"),
    senderE164: text("SenderE164"),
    provider: text("Provider"),
    surface: text("Surface"),
    threadId: (ctx["MessageThreadId"] as string | number | undefined) ?? undefined,
    replyToId: text("ReplyToId"),
    replyToIdFull: text("ReplyToIdFull"),
    replyToBody: text("ReplyToBody"),
    replyToSender: text("ReplyToSender"),
    mediaPath: text("MediaPath"),
    mediaType: text("MediaType"),
    originatingChannel: text("OriginatingChannel"),
    originatingTo: text("OriginatingTo"),
    guildId: text("GroupSpace"),
    channelName: text("GroupChannel"),
    isGroup,
    groupId: isGroup ? conversationId : undefined,
  } as ReceivedMessageFacts);
}

const METADATA_KEYS = [
  "to",
  "provider",
  "surface",
  "threadId",
  "messageId",
  "senderId",
  "senderName",
  "senderUsername",
  "senderE164",
  "originatingChannel",
  "originatingTo",
  "guildId",
  "channelName",
  "isGroup",
  "groupId",
] as const;

const PLACE_KEYS = ["channelId", "accountId", "conversationId", "messageId", "isGroup", "groupId"] as const;

function pick(facts: MessageFacts, keys: readonly string[]): UnknownRecord {
  return withoutUndefined(Object.fromEntries(keys.map((key) => [key, facts[key]])));
}

/** The context of `message:received`. */
export function toInternalMessageReceivedContext(facts: ReceivedMessageFacts): UnknownRecord {
  return {
    ...pick(facts, ["from", "content", "timestamp", ...PLACE_KEYS]),
    metadata: pick(facts, METADATA_KEYS),
  };
}

/** The context of `message:sent`. */
export function toInternalMessageSentContext(facts: SentMessageFacts): UnknownRecord {
  return pick(facts, ["to", "content", "success", "error", ...PLACE_KEYS]);
}

/** The event of the typed hook `message_received`. */
export function toPluginMessageReceivedEvent(facts: ReceivedMessageFacts): UnknownRecord {
  const keys = ["from", "content", "timestamp", "threadId", "messageId", "senderId", "sessionKey", "runId"];
  const reply = ["replyToId", "replyToIdFull", "replyToBody", "replyToSender", "replyToIsQuote"];
  const own = readPath(facts, ["metadata"]) as UnknownRecord | undefined;
  return { ...pick(facts, [...keys, ...reply]), metadata: { ...pick(facts, METADATA_KEYS), ...own } };
}

const CONTEXT_KEYS = [
  "channelId",
  "accountId",
  "conversationId",
  "sessionKey",
  "runId",
  "messageId",
  "senderId",
  "replyToId",
  "replyToIdFull",
  "replyToBody",
  "replyToSender",
  "replyToIsQuote",
  "trace",
  "traceId",
  "spanId",
  "parentSpanId",
  "callDepth",
] as const;

export function toPluginMessageContext(facts: MessageFacts): MessageFacts {
  return pick(facts, CONTEXT_KEYS) as MessageFacts;
}

export function toPluginMessageSentEvent(facts: SentMessageFacts) {
  const { to, content, success, messageId, sessionKey, runId, trace, error } = facts;
  return withoutUndefined({ to, content, success, messageId, sessionKey, runId, trace, error });
}
