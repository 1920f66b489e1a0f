import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ChannelReplyPayload, DispatchResult, MsgContext } from "../../contracts/channel-runtime.ts";
import { requireHost } from "../ambient/host.ts";
import { readPath } from "../values/records.ts";

const NAME = "dispatchReplyWithBufferedBlockDispatcher";

/** `api.runtime.channel.reply.dispatchReplyWithBufferedBlockDispatcher` of the running gateway. */
export async function dispatchReplyWithBufferedBlockDispatcher(params: object): Promise<DispatchResult> {
  const reply = readPath(requireHost(NAME).runtime, ["channel", "reply"]) as
    | Record<string, (given: object) => Promise<DispatchResult>>
    | undefined;
  const dispatch = reply?.[NAME];
  if (!dispatch) throw new Error(`the running gateway has no channel.reply.${NAME}`);
  return dispatch(params);
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
