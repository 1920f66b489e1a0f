import type { ChannelConfig } from "../../contracts/channel.ts";
import type { MsgContext } from "../../contracts/channel-runtime.ts";
import { asRecord, asText } from "../config-values.ts";
import { formatInboundEnvelope, resolveEnvelopeFormatOptions } from "../inbound/envelope.ts";

const TEXT_FIELDS = [
  "Body",
  "BodyForAgent",
  "BodyForCommands",
  "CommandBody",
  "RawBody",
  "BodyStripped",
  "Transcript",
  "ReplyToBody",
  "ThreadStarterBody",
  "ThreadHistoryBody",
] as const;
const CHAT_TYPES = new Set(["direct", "group", "channel", "thread"]);

/** Fills in and normalises what a plugin wrote (spec 1.17); changes and returns the same object. */
export function finalizeInboundContext<T extends MsgContext>(
  ctx: T,
  options: { forceBodyForAgent?: boolean; forceBodyForCommands?: boolean } = {},
): T {
  const fields: MsgContext = ctx;
  for (const field of TEXT_FIELDS) {
    const value = fields[field];
    if (typeof value === "string") fields[field] = value.replace(/\r\n?/g, "\n");
  }
  const chatType = fields.ChatType?.toLowerCase();
  if (chatType !== undefined) {
    const known = chatType === "dm" || chatType === "private" ? "direct" : chatType;
    if (CHAT_TYPES.has(known)) fields.ChatType = known;
    else delete fields.ChatType;
  }
  const rawText = firstText(fields.RawBody, fields["Transcript"], fields["BodyStripped"], fields.Body) ?? "";
  const forAgent = firstText(fields.CommandBody) ?? rawText;
  if (options.forceBodyForAgent || fields.BodyForAgent === undefined) fields.BodyForAgent = forAgent;
  if (fields["CommandInterpretationSuppressed"] === true) fields.BodyForCommands = "";
  else if (options.forceBodyForCommands || fields.BodyForCommands === undefined)
    fields.BodyForCommands = forAgent;
  fields.ConversationLabel ??= conversationLabel(fields);
  if (fields.ConversationLabel === undefined) delete fields.ConversationLabel;
  fields.CommandAuthorized = fields.CommandAuthorized === true;
  normalizeMedia(fields);
  return ctx;
}

function conversationLabel(ctx: MsgContext): string | undefined {
  if (ctx.ChatType === undefined || ctx.ChatType === "direct") {
    return firstText(ctx.SenderName, ctx.SenderTag, ctx.SenderId, ctx.From);
  }
  return firstText(ctx.GroupSubject, ctx.GroupChannel, ctx.GroupSpace, ctx.From);
}

/** Facts win over the older parallel fields; both are there afterwards. */
function normalizeMedia(ctx: MsgContext): void {
  let facts = Array.isArray(ctx["media"]) ? ctx["media"].map(asRecord) : [];
  if (facts.length === 0) {
    const paths = listOf(ctx["MediaPaths"], ctx["MediaPath"]);
    const urls = listOf(ctx["MediaUrls"], ctx["MediaUrl"]);
    const types = listOf(ctx["MediaTypes"], ctx["MediaType"]);
    facts = Array.from({ length: Math.max(paths.length, urls.length) }, (_, index) => ({
      ...(paths[index] === undefined ? {} : { path: paths[index] }),
      ...(urls[index] === undefined ? {} : { url: urls[index] }),
      ...(types[index] === undefined ? {} : { contentType: types[index] }),
    }));
  }
  if (facts.length === 0) return;
  const complete = facts.map(
    (fact) => ({ contentType: "application/octet-stream", ...fact }) as Record<string, unknown>,
  );
  ctx["media"] = complete;
  const textsOf = (key: string) =>
    complete.map((fact) => asText(fact[key])).filter((text) => text !== undefined);
  ctx["MediaPaths"] = textsOf("path");
  ctx["MediaUrls"] = textsOf("url");
  ctx["MediaTypes"] = textsOf("contentType");
  ctx["MediaPath"] = textsOf("path")[0];
  ctx["MediaUrl"] = textsOf("url")[0];
  ctx["MediaType"] = textsOf("contentType")[0];
}

/** Builds a finished context from facts (spec 1.18.1). Returns the object itself, never a promise. */
export function buildInboundContext(params: Record<string, unknown>, cfg: ChannelConfig): MsgContext {
  const channel = asText(params["channel"]) ?? "";
  const provider = asText(params["provider"]) ?? channel;
  const sender = asRecord(params["sender"]);
  const conversation = asRecord(params["conversation"]);
  const route = asRecord(params["route"]);
  const reply = asRecord(params["reply"]);
  const message = asRecord(params["message"]);
  const access = asRecord(params["access"]);
  const ingress = asRecord(params["channelIngress"]);
  const mentions = asRecord(access["mentions"]);
  const chatType = asText(conversation["kind"]) ?? "direct";
  const rawBody = asText(message["rawBody"]) ?? asText(message["body"]) ?? "";
  const timestamp = typeof params["timestamp"] === "number" ? params["timestamp"] : undefined;
  const from = asText(params["from"]) ?? asText(sender["id"]) ?? "";
  const label = asText(conversation["label"]);
  const authorized =
    asRecord(access["commands"])["authorized"] ?? asRecord(ingress["commandAccess"])["authorized"];
  const isDirect = chatType === "direct" || chatType === "dm";
  const senderName = asText(sender["name"]);
  const ctx = {
    Body: formatInboundEnvelope({
      channel: provider,
      from: asText(message["envelopeFrom"]) ?? (isDirect ? (senderName ?? from) : (label ?? from)),
      body: asText(message["body"]) ?? rawBody,
      chatType: isDirect ? "direct" : chatType,
      envelope: resolveEnvelopeFormatOptions(cfg),
      ...definedFields({
        timestamp,
        senderLabel: asText(message["senderLabel"]) ?? asText(sender["displayLabel"]) ?? senderName,
      }),
    }),
    BodyForAgent: asText(message["bodyForAgent"]) ?? rawBody,
    RawBody: rawBody,
    From: from,
    To: asText(reply["to"]) ?? from,
    SessionKey:
      asText(route["dispatchSessionKey"]) ?? asText(route["routeSessionKey"]) ?? asText(route["sessionKey"]),
    AgentId: asText(route["agentId"]),
    AccountId: asText(params["accountId"]) ?? asText(route["accountId"]),
    ChatType: chatType,
    Provider: provider,
    Surface: asText(params["surface"]) ?? provider,
    OriginatingChannel: channel,
    OriginatingTo: asText(reply["originatingTo"]) ?? asText(reply["to"]) ?? from,
    CommandAuthorized: authorized === true,
    ...definedFields({
      CommandBody: asText(message["commandBody"]),
      MessageSid: asText(params["messageId"]),
      MessageSidFull: asText(params["messageIdFull"]),
      Timestamp: timestamp,
      SenderId: asText(sender["id"]),
      SenderName: senderName,
      SenderUsername: asText(sender["username"]),
      SenderTag: asText(sender["tag"]),
      SenderIsBot: sender["isBot"],
      SenderIsSelf: sender["isSelf"],
      ConversationLabel: label,
      GroupSubject: isDirect ? undefined : label,
      GroupSpace: asText(conversation["spaceId"]),
      NativeChannelId: asText(reply["nativeChannelId"]) ?? asText(conversation["nativeChannelId"]),
      ReplyToId: asText(reply["replyToId"]),
      MessageThreadId: reply["messageThreadId"] ?? conversation["threadId"],
      ThreadParentId: reply["threadParentId"],
      ParentSessionKey: route["parentSessionKey"],
      ModelParentSessionKey: route["modelParentSessionKey"],
      MainSessionKey: route["mainSessionKey"],
      WasMentioned: mentions["effectiveWasMentioned"] ?? mentions["wasMentioned"],
      GroupRequireMention: mentions["requireMention"],
      InboundEventKind: message["inboundEventKind"],
      InboundHistory: message["inboundHistory"],
      SourceModality: message["sourceModality"],
      media: params["media"],
      SupplementalContext: params["supplemental"],
      ChannelContext: params["channelContext"],
      CommandTurn: params["commandTurn"],
    }),
    ...asRecord(params["extra"]),
  } as MsgContext;
  return finalizeInboundContext(ctx);
}

export function definedFields<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function firstText(...values: unknown[]): string | undefined {
  for (const value of values) if (typeof value === "string" && value !== "") return value;
  return undefined;
}

function listOf(list: unknown, single: unknown): string[] {
  if (Array.isArray(list)) return list.map((item) => asText(item) ?? "");
  const one = asText(single);
  return one === undefined ? [] : [one];
}
