import type { ChannelOutboundAdapter } from "../../contracts/channel.ts";

/** Results of sending, completed with the channel's id. */

export function attachChannelToResult<Result extends object>(channel: string, result: Result) {
  return { ...result, channel };
}

export function attachChannelToResults<Result extends object>(channel: string, results: readonly Result[]) {
  return results.map((result) => attachChannelToResult(channel, result));
}

/** A result for a message that was not sent, on purpose. */
export function createEmptyChannelResult(channel: string, result: object = {}) {
  return attachChannelToResult(channel, { messageId: "", ...result });
}

type Send = (context: never) => Promise<object> | object;

export interface AttachedResultOptions {
  channel: string;
  sendText?: Send;
  sendMedia?: Send;
  sendPoll?: Send;
}

/** Send functions that leave the channel's id to the host. */
export function createAttachedChannelResultAdapter(
  options: AttachedResultOptions,
): Pick<ChannelOutboundAdapter, "sendText" | "sendMedia" | "sendPoll"> {
  const attach = (send: Send | undefined) =>
    send &&
    (async (context: unknown) => attachChannelToResult(options.channel, await send(context as never)));
  const sends = {
    sendText: attach(options.sendText),
    sendMedia: attach(options.sendMedia),
    sendPoll: attach(options.sendPoll),
  };
  return Object.fromEntries(Object.entries(sends).filter(([, send]) => send)) as Pick<
    ChannelOutboundAdapter,
    "sendText" | "sendMedia" | "sendPoll"
  >;
}

/** What older clients answer: whether it worked, and why not. */
export interface RawSendResult {
  ok: boolean;
  messageId?: string | null;
  error?: string | null;
}

type RawSend = (context: never) => Promise<RawSendResult> | RawSendResult;

/** Names the channel, and gives a failure as an error. */
export function buildChannelSendResult(channel: string, result: RawSendResult) {
  return attachChannelToResult(channel, {
    ok: result.ok,
    messageId: result.messageId ?? "",
    error: result.error ? new Error(result.error) : undefined,
  });
}

/**
 * Send functions that answer with a failure instead of throwing it. Here they throw: a message that was not sent
 * must not count as delivered.
 */
export function createRawChannelSendResultAdapter(options: {
  channel: string;
  sendText?: RawSend;
  sendMedia?: RawSend;
}): Pick<ChannelOutboundAdapter, "sendText" | "sendMedia"> {
  const checked = (send: RawSend | undefined): Send | undefined =>
    send &&
    (async (context) => {
      const result = buildChannelSendResult(options.channel, await send(context));
      if (!result.ok) throw result.error ?? new Error(`${options.channel} did not take the message`);
      return result;
    });
  const [sendText, sendMedia] = [checked(options.sendText), checked(options.sendMedia)];
  return createAttachedChannelResultAdapter({
    channel: options.channel,
    ...(sendText ? { sendText } : {}),
    ...(sendMedia ? { sendMedia } : {}),
  });
}
