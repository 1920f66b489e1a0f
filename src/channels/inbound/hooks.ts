import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import { conversationOf } from "../../runtime/workflow/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import type { HeardMessage } from "./heard.ts";
import type { ReceivedEvent } from "./received-event.ts";
import type { InboxPayload } from "./records.ts";

/** Tells plugins about messages that come in; observers never hold one up. */
export class InboundHooks {
  readonly #hooks: HookRunner;
  readonly #logger: Logger;

  constructor(parts: { hooks: HookRunner; logger: Logger }) {
    this.#hooks = parts.hooks;
    this.#logger = parts.logger;
  }

  received(record: InboxRecord, route: { sessionKey: string }, event: ReceivedEvent): void {
    const { sessionKey } = route;
    const { senderId, replyToId } = event;
    this.#observe(
      "message_received",
      { ...event, messageId: record.messageId, sessionKey, runId: record.inboxId },
      contextOf(record, { sessionKey, senderId, replyToId }),
    );
  }

  pairingRequested(record: InboxRecord, senderId: string, code: string, metadata: object): void {
    const { channel, accountId } = record;
    this.#observe(
      "channel_pairing_requested",
      { channel, accountId, senderId, code, metadata },
      { channelId: channel, accountId, senderId },
    );
  }

  /** A plugin may take a message over, with an answer or without. */
  async claim(message: HeardMessage): Promise<{ handled: boolean; text?: string } | undefined> {
    if (!this.#hooks.has("before_dispatch")) return undefined;
    const { record, sessionKey, senderId, replyToId } = message;
    const claim = await this.#hooks.run<{ handled: boolean; text?: string }>(
      "before_dispatch",
      {
        content: message.text,
        body: message.textForAgent,
        messageId: record.messageId,
        channel: record.channel,
        sessionKey,
        senderId,
        replyToId,
        isGroup: message.isGroup,
        timestamp: message.timestamp,
      },
      contextOf(record, { sessionKey, senderId, replyToId }),
    );
    return claim?.handled ? claim : undefined;
  }

  #observe(hook: string, event: object, context: object): void {
    if (!this.#hooks.has(hook)) return;
    this.#hooks
      .run(hook, event, context)
      .catch((error) => this.#logger.warn("a hook failed", { hook, error }));
  }
}

function contextOf(
  record: InboxRecord,
  facts: { sessionKey: string; senderId?: string | undefined; replyToId?: string | undefined },
): object {
  return {
    channelId: record.channel,
    accountId: record.accountId,
    conversationId: conversationIdOf(record),
    messageId: record.messageId,
    runId: record.inboxId,
    ...facts,
  };
}

/** The platform's own name of the conversation, by which outgoing messages know it too. */
function conversationIdOf(record: InboxRecord): string {
  const payload = record.payload as InboxPayload;
  if (payload.mode === "message") return payload.message.conversation.id;
  const { request } = payload.turn;
  return conversationOf(request)?.conversationId ?? request.deliver?.to ?? record.conversation;
}
