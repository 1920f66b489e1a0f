import type { InboundMessage, MsgContext } from "../../contracts/channel-runtime.ts";
import type { TurnRequest } from "../../store/records.ts";

/** A turn that a plugin prepared itself: it applied its own access and mention rules. */
export interface PreparedTurn {
  request: Omit<TurnRequest, "runId" | "inboxId">;
  ctx: MsgContext;
}

/** What an inbox row of kind `message` holds. `mode` says who prepared it. */
export type InboxPayload =
  | { v: 1; mode: "message"; message: InboundMessage }
  | { v: 1; mode: "turn"; turn: PreparedTurn };

/** Longest text of one message in UTF-16 units; the rest is cut off and said so. */
export const MAX_INBOUND_TEXT = 200_000;

export function boundedText(text: string): string {
  if (text.length <= MAX_INBOUND_TEXT) return text;
  return `${text.slice(0, MAX_INBOUND_TEXT)}\n[cut: ${text.length - MAX_INBOUND_TEXT} more characters]`;
}

/** The lane in which a conversation's messages are handled. */
export function conversationKey(message: InboundMessage): string {
  const { kind, id, threadId } = message.conversation;
  return threadId === undefined ? `${kind}:${id}` : `${kind}:${id}:${threadId}`;
}
