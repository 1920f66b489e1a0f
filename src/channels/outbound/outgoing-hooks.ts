import type { ReplyPayload } from "../../contracts/hooks.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";

/** Whether a plugin wants to see messages before they leave. */
export function hearsOutgoing(hooks: HookRunner): boolean {
  return hooks.has("reply_payload_sending") || hooks.has("message_sending");
}

/**
 * What hooks make of a text before it leaves (plugin-sdk spec 4.10): `reply_payload_sending` for answers of a
 * turn, then `message_sending` for every message. A hook that empties the text stops the message.
 *
 * @returns the text to send, or why there is none
 */
export async function outgoingText(
  hooks: HookRunner,
  row: OutboxRecord,
  content: string,
  context: object,
): Promise<{ text: string } | { cancelled: string }> {
  const reply = row.runId === undefined ? { text: content } : await replyText(hooks, row, content, context);
  if ("cancelled" in reply || !hooks.has("message_sending")) return reply;
  const decision = await hooks.run<{ content?: string; cancel?: boolean }>(
    "message_sending",
    {
      to: row.to,
      content: reply.text,
      ...(row.replyToId === undefined ? {} : { replyToId: row.replyToId }),
      ...(row.threadId === undefined ? {} : { threadId: row.threadId }),
      metadata: { channel: row.channel, accountId: row.accountId },
    },
    context,
  );
  if (decision?.cancel === true) return { cancelled: "cancelled_by_message_sending_hook" };
  const text = decision?.content ?? reply.text;
  if (text !== reply.text && text.trim() === "") return { cancelled: "empty_after_message_sending_hook" };
  return { text };
}

async function replyText(
  hooks: HookRunner,
  row: OutboxRecord,
  content: string,
  context: object,
): Promise<{ text: string } | { cancelled: string }> {
  if (!hooks.has("reply_payload_sending")) return { text: content };
  const { channel, sessionKey, runId } = row;
  const payload: ReplyPayload = { text: content };
  const decision = await hooks.run<{ payload?: ReplyPayload; cancel?: boolean }>(
    "reply_payload_sending",
    {
      payload,
      kind: "final",
      channel,
      ...(sessionKey === undefined ? {} : { sessionKey }),
      ...(runId === undefined ? {} : { runId }),
    },
    context,
  );
  if (decision?.cancel === true) return { cancelled: "cancelled_by_reply_payload_sending_hook" };
  const text = decision?.payload?.text ?? content;
  if (text !== content && text.trim() === "") return { cancelled: "empty_after_reply_payload_sending_hook" };
  return { text };
}
