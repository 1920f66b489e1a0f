import type { ChannelOutboundAdapter } from "../../contracts/channel.ts";
import {
  createMessageReceiptFromOutboundResults,
  type ReceiptPartKind,
  type ReceiptSource,
} from "./receipts.ts";

/** The message adapter of a channel (spec 1.10), as data with functions. */
export interface MessageAdapter {
  id?: string;
  send?: Record<string, unknown>;
  durableFinal?: { capabilities?: Record<string, boolean>; [member: string]: unknown };
  live?: object;
  receive?: { defaultAckPolicy?: string; supportedAckPolicies?: string[]; [member: string]: unknown };
  [member: string]: unknown;
}

/** Channels that say nothing acknowledge by themselves. */
const MANUAL_RECEIVE = { defaultAckPolicy: "manual", supportedAckPolicies: ["manual"] };

export function defineChannelMessageAdapter<const Adapter extends MessageAdapter>(adapter: Adapter) {
  return { ...adapter, receive: adapter.receive ?? MANUAL_RECEIVE };
}

type SendContext = { threadId?: string | null; replyToId?: string | null };

/** A message adapter over an outbound adapter: every send gives a receipt. */
export function createChannelMessageAdapterFromOutbound(params: {
  id?: string;
  outbound: Partial<ChannelOutboundAdapter>;
  capabilities?: Record<string, boolean>;
  live?: object;
  receive?: MessageAdapter["receive"];
}): MessageAdapter {
  const { outbound } = params;
  const bridge = (send: unknown, kind: ReceiptPartKind) =>
    typeof send === "function"
      ? async (context: SendContext) => {
          const result = (await send.call(outbound, context)) as ReceiptSource;
          const receipt =
            result.receipt ??
            createMessageReceiptFromOutboundResults({
              results: [result],
              kind,
              ...(context.threadId ? { threadId: String(context.threadId) } : {}),
              ...(context.replyToId ? { replyToId: String(context.replyToId) } : {}),
            });
          return { ...result, receipt };
        }
      : undefined;
  const sends = {
    text: bridge(outbound.sendText, "text"),
    media: bridge(outbound.sendMedia, "media"),
    payload: bridge(outbound.sendPayload, "card"),
    poll: bridge(outbound.sendPoll, "poll"),
  };
  const send = Object.fromEntries(Object.entries(sends).filter(([, value]) => value));
  const capabilities = params.capabilities ?? {
    ...(sends.text ? { text: true } : {}),
    ...(sends.media ? { media: true } : {}),
    ...(sends.payload ? { payload: true } : {}),
    ...(sends.poll ? { poll: true } : {}),
  };
  return defineChannelMessageAdapter({
    ...(params.id === undefined ? {} : { id: params.id }),
    send,
    durableFinal: { capabilities },
    ...(params.live ? { live: params.live } : {}),
    ...(params.receive ? { receive: params.receive } : {}),
  });
}

type Delegate =
  | "sendText"
  | "sendMedia"
  | "sendPayload"
  | "sendPoll"
  | "sendFormattedText"
  | "sendFormattedMedia";

interface DelegateOptions<Runtime> {
  resolve(runtime: Runtime): unknown;
  unavailableMessage?: string;
}

/** Send functions that live in a module loaded on first use. */
export function createRuntimeOutboundDelegates<Runtime>(
  params: { getRuntime(): Runtime | Promise<Runtime> } & { [Method in Delegate]?: DelegateOptions<Runtime> },
): Partial<ChannelOutboundAdapter> {
  const { getRuntime, ...methods } = params;
  const delegates = Object.entries(methods as Record<string, DelegateOptions<Runtime> | undefined>).map(
    ([name, options]) => [
      name,
      async (...args: unknown[]) => {
        const send = options?.resolve(await getRuntime());
        if (typeof send !== "function")
          throw new Error(options?.unavailableMessage ?? `${name} is not available`);
        return (await send(...args)) as unknown;
      },
    ],
  );
  return Object.fromEntries(delegates) as Partial<ChannelOutboundAdapter>;
}

/** A send function given by the caller, under the channel's id or one of its older names. */
export function resolveOutboundSendDep<T>(
  deps: Record<string, unknown> | null | undefined,
  channelId: string,
  options: { legacyKeys?: readonly string[] } = {},
): T | undefined {
  const keys = [channelId, ...(options.legacyKeys ?? [])];
  const key = keys.find((candidate) => deps?.[candidate] !== undefined);
  return key === undefined ? undefined : (deps?.[key] as T);
}

/** The reply reference of each further part of one message. */
export function createReplyToFanout(params: {
  replyToId?: string | null;
  replyToMode?: "off" | "first" | "all" | "batched";
  replyToIdSource?: "explicit" | "implicit";
}): () => string | undefined {
  const { replyToId, replyToMode = "all" } = params;
  const always = replyToMode === "all" || params.replyToIdSource === "explicit";
  let used = false;
  return () => {
    if (!replyToId || (replyToMode === "off" && params.replyToIdSource !== "explicit")) return undefined;
    if (used && !always) return undefined;
    used = true;
    return replyToId;
  };
}
