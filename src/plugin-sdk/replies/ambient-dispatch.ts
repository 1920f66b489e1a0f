import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ChannelReplyPayload, DispatchResult, MsgContext } from "../../contracts/channel-runtime.ts";
import { requireHost } from "../ambient/host.ts";
import { readPath } from "../values/records.ts";

/** A member of `api.runtime.channel.reply` of the running gateway. */
function replyMember<Result>(name: string): (given: object) => Result {
  const member = readPath(requireHost(name).runtime, ["channel", "reply", name]);
  if (typeof member !== "function") throw new Error(`the running gateway has no channel.reply.${name}`);
  return member as (given: object) => Result;
}

export async function dispatchReplyWithBufferedBlockDispatcher(params: object): Promise<DispatchResult> {
  return replyMember<Promise<DispatchResult>>("dispatchReplyWithBufferedBlockDispatcher")(params);
}

/** What `createReplyDispatcherWithTyping` of the running gateway gives. */
export interface HandedDispatcher {
  dispatcher: object;
  replyOptions: object;
  markDispatchIdle(): void;
  markRunComplete(): void;
}

/** @deprecated `api.runtime.channel.reply.createReplyDispatcherWithTyping` */
export function createReplyDispatcherWithTyping(options: object): HandedDispatcher {
  return replyMember<HandedDispatcher>("createReplyDispatcherWithTyping")(options);
}

/** @deprecated `api.runtime.channel.reply.settleReplyDispatcher` */
export async function settleReplyDispatcher(params: object): Promise<void> {
  await replyMember<Promise<void>>("settleReplyDispatcher")(params);
}

/** Runs the turn of a message; the dispatcher delivers its answer, and has done so when this ends. */
export async function dispatchInboundMessage(params: {
  ctx: MsgContext;
  cfg?: ChannelConfig;
  dispatcher: object;
  replyOptions?: object;
}): Promise<DispatchResult> {
  const { dispatcher } = params;
  return replyMember<Promise<DispatchResult>>("withReplyDispatcher")({
    dispatcher,
    run: () => replyMember("dispatchReplyFromConfig")(params),
  });
}

/** The same for a context that is called a payload; `onSettled` is told when the answer is out. */
export async function dispatchReplyFromConfigWithSettledDispatcher(params: {
  ctxPayload: MsgContext;
  cfg?: ChannelConfig;
  dispatcher: object;
  onSettled?(): void | Promise<void>;
  replyOptions?: object;
}): Promise<DispatchResult> {
  const { ctxPayload, dispatcher, onSettled, ...rest } = params;
  return replyMember<Promise<DispatchResult>>("withReplyDispatcher")({
    dispatcher,
    ...(onSettled ? { onSettled } : {}),
    run: () => replyMember("dispatchReplyFromConfig")({ ...rest, ctx: ctxPayload, dispatcher }),
  });
}

/** The same with a dispatcher made for this one message. */
export async function dispatchReplyWithDispatcher(params: {
  ctx: MsgContext;
  cfg?: ChannelConfig;
  dispatcherOptions: object;
  replyOptions?: object;
}): Promise<DispatchResult> {
  const { dispatcherOptions, replyOptions, ...message } = params;
  const made = createReplyDispatcherWithTyping(dispatcherOptions);
  try {
    return await dispatchInboundMessage({
      ...message,
      dispatcher: made.dispatcher,
      replyOptions: { ...made.replyOptions, ...replyOptions },
    });
  } finally {
    made.markDispatchIdle();
  }
}

/** Runs the turn of a message and gives its answer to the caller, who shows it. */
export async function getReplyFromConfig(
  ctx: MsgContext,
  replyOptions?: object,
  cfg?: ChannelConfig,
): Promise<ChannelReplyPayload | ChannelReplyPayload[] | undefined> {
  const payloads: ChannelReplyPayload[] = [];
  await dispatchReplyWithBufferedBlockDispatcher({
    ctx,
    ...(cfg ? { cfg } : {}),
    ...(replyOptions ? { replyOptions } : {}),
    dispatcherOptions: { deliver: (payload: ChannelReplyPayload) => void payloads.push(payload) },
  });
  return payloads.length > 1 ? payloads : payloads[0];
}
