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
