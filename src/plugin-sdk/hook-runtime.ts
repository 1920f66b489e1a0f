import { withoutUndefined } from "./values/records.ts";

/** Message hook payloads, for plugins that deliver messages by themselves. */

interface MessageFacts {
  channelId: string;
  accountId?: string;
  conversationId?: string;
  sessionKey?: string;
  runId?: string;
  messageId?: string;
  senderId?: string;
  callDepth?: number;
  [extra: string]: unknown;
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
  return withoutUndefined(Object.fromEntries(CONTEXT_KEYS.map((key) => [key, facts[key]]))) as MessageFacts;
}

export function toPluginMessageSentEvent(facts: SentMessageFacts) {
  const { to, content, success, messageId, sessionKey, runId, trace, error } = facts;
  return withoutUndefined({ to, content, success, messageId, sessionKey, runId, trace, error });
}

/** Lets a hook run on its own; its failure is logged, never thrown. */
export function fireAndForgetHook(
  task: Promise<unknown>,
  label: string,
  log: (message: string) => void = () => {},
): void {
  task.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    log(`${label}: ${reason}`);
  });
}
