import type { ConversationRef, PluginConversationBinding } from "../../contracts/conversation-binding.ts";
import { pick } from "../../kernel/records.ts";
import type { BindingRecord, ConversationKey } from "../../store/procedures/conversation-bindings.ts";
import type { TurnRequest } from "../../store/records.ts";

/** The columns that name a conversation. */
export function keyOf({ channel, accountId, conversationId, threadId }: ConversationRef): ConversationKey {
  return { channel, accountId, conversationId, threadId: threadId === undefined ? "" : String(threadId) };
}

/** The same as one text, for maps. */
export function keyText({ channel, accountId, conversationId, threadId }: ConversationKey): string {
  return JSON.stringify([channel, accountId, conversationId, threadId]);
}

/** The conversation of a row. */
export function refOf(record: BindingRecord): ConversationRef {
  const { channel, accountId, conversationId, threadId, details } = record;
  return {
    channel,
    accountId,
    conversationId,
    ...(threadId === "" ? {} : { threadId }),
    ...(details.parentConversationId === undefined
      ? {}
      : { parentConversationId: details.parentConversationId }),
  };
}

/** A binding as its plugin sees it. */
export function shownBinding(record: BindingRecord): PluginConversationBinding {
  return {
    bindingId: record.bindingId,
    pluginId: record.pluginId,
    pluginRoot: record.pluginRoot,
    ...refOf(record),
    boundAt: record.boundAt ?? record.createdAt,
    ...pick(record.details, ["summary", "detachHint", "data"]),
  };
}

/** The conversation of a channel's turn; `undefined` for turns that no channel's message began. */
export function conversationOf(
  request: Pick<TurnRequest, "context" | "origin">,
): ConversationRef | undefined {
  const context = request.context ?? {};
  const channel = textOf(context["channel"]);
  const accountId = textOf(context["accountId"]);
  const conversationId = textOf(context["conversationId"]);
  if (request.origin !== "channel" || !channel || !accountId || !conversationId) return undefined;
  const parentConversationId = textOf(context["parentConversationId"]);
  const threadId = textOf(context["threadId"]);
  return {
    channel,
    accountId,
    conversationId,
    ...(parentConversationId ? { parentConversationId } : {}),
    ...(threadId ? { threadId } : {}),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
