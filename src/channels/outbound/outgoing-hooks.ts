import type { ReplyPayload } from "../../contracts/hooks.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import type { OutboxMedia } from "../../store/records.ts";
import { MAX_REPLY_MEDIA } from "../text/directives.ts";

/** Whether a plugin wants to see messages before they leave. */
export function hearsOutgoing(hooks: HookRunner): boolean {
  return hooks.has("reply_payload_sending") || hooks.has("message_sending");
}

/** What is left of a message: its text, and its files where a hook changed them. */
export type Outgoing = { text: string; media?: OutboxMedia } | { cancelled: string };

/**
 * What hooks make of a message before it leaves (plugin-sdk spec 4.10): `reply_payload_sending` for answers of a
 * turn, then `message_sending` for every message. A hook that leaves nothing to see stops the message.
 */
export async function outgoingMessage(
  hooks: HookRunner,
  row: OutboxRecord,
  content: string,
  context: object,
): Promise<Outgoing> {
  const reply: Outgoing =
    row.runId === undefined ? { text: content } : await replyPayload(hooks, row, content, context);
  if ("cancelled" in reply || !hooks.has("message_sending")) return reply;
  const files = (reply.media ?? row.media)?.urls ?? [];
  const decision = await hooks.run<{ content?: string; cancel?: boolean }>(
    "message_sending",
    {
      to: row.to,
      content: reply.text,
      ...(row.replyToId === undefined ? {} : { replyToId: row.replyToId }),
      ...(row.threadId === undefined ? {} : { threadId: row.threadId }),
      metadata: {
        channel: row.channel,
        accountId: row.accountId,
        ...(files.length > 0 ? { mediaUrls: [...files] } : {}),
      },
    },
    context,
  );
  if (decision?.cancel === true) return { cancelled: "cancelled_by_message_sending_hook" };
  const text = decision?.content ?? reply.text;
  if (text !== reply.text && text.trim() === "" && files.length === 0) {
    return { cancelled: "empty_after_message_sending_hook" };
  }
  return { ...reply, text };
}

async function replyPayload(
  hooks: HookRunner,
  row: OutboxRecord,
  content: string,
  context: object,
): Promise<Outgoing> {
  if (!hooks.has("reply_payload_sending")) return { text: content };
  const { channel, sessionKey, runId, media } = row;
  const payload: ReplyPayload = {
    text: content,
    ...(media ? { mediaUrls: [...media.urls], mediaUrl: media.urls[0] as string } : {}),
    ...(media?.audioAsVoice ? { audioAsVoice: true } : {}),
  };
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
  const changed = decision?.payload && mediaIn(decision.payload);
  const text = decision?.payload?.text ?? content;
  const urls = changed?.urls ?? media?.urls ?? [];
  if (text !== content && text.trim() === "" && urls.length === 0) {
    return { cancelled: "empty_after_reply_payload_sending_hook" };
  }
  const same = JSON.stringify(urls) === JSON.stringify(media?.urls ?? []);
  return { text, ...(changed && !same ? { media: changed } : {}) };
}

/** Files of a payload that a hook gave back; only web addresses and names, and no more than an answer may have. */
function mediaIn({ mediaUrl, mediaUrls, audioAsVoice }: ReplyPayload): OutboxMedia | undefined {
  const given = Array.isArray(mediaUrls) ? mediaUrls : mediaUrl === undefined ? undefined : [mediaUrl];
  if (!given) return undefined;
  const urls = given.filter((url) => typeof url === "string" && url.trim() !== "").slice(0, MAX_REPLY_MEDIA);
  return { urls, ...(audioAsVoice === true ? { audioAsVoice: true } : {}) };
}
