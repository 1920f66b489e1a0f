import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ReplyDispatcherOptions, ReplyOptions } from "../../contracts/channel-runtime.ts";
import { asRecord, asText } from "../config-values.ts";
import {
  formatAgentEnvelope,
  formatInboundEnvelope,
  resolveEnvelopeFormatOptions,
} from "../inbound/envelope.ts";
import { finalizeInboundContext } from "./context.ts";
import {
  createReplyDispatcher,
  type DispatchParams,
  type DispatchParts,
  dispatchContext,
  type ReplyDispatcher,
} from "./dispatch.ts";

/** `api.runtime.channel.reply` (spec 1.19): from a message to its answer, for plugins that go step by step. */
export function createReplyNamespace(parts: DispatchParts): Record<string, unknown> {
  const dispatch = (params: DispatchParams) => dispatchContext(parts, params);
  return {
    finalizeInboundContext,
    formatAgentEnvelope,
    formatInboundEnvelope,
    resolveEnvelopeFormatOptions,
    dispatchReplyWithBufferedBlockDispatcher: dispatch,
    dispatchReplyFromConfig: async (params: {
      ctx: DispatchParams["ctx"];
      cfg?: ChannelConfig;
      dispatcher: ReplyDispatcher;
      replyOptions?: ReplyOptions;
    }) => {
      const { dispatcher, ...rest } = params;
      const result = await dispatch({
        ...rest,
        dispatcherOptions: {
          // Through the dispatcher, so that its chain and its counts see the reply.
          deliver: async (payload) => {
            const before = dispatcher.getFailedCounts().final;
            dispatcher.sendFinalReply(payload);
            await dispatcher.waitForIdle();
            if (dispatcher.getFailedCounts().final > before)
              throw new Error("the reply could not be delivered");
          },
        },
      });
      return { ...result, counts: dispatcher.getQueuedCounts() };
    },
    createReplyDispatcherWithTyping: (options: ReplyDispatcherOptions) => {
      const dispatcher = createReplyDispatcher(options);
      return {
        dispatcher,
        replyOptions: { onReplyStart: () => options.onReplyStart?.() },
        markDispatchIdle: () => options.onIdle?.(),
        markRunComplete: () => {},
      };
    },
    withReplyDispatcher: async (params: {
      dispatcher: ReplyDispatcher;
      run(): unknown;
      onSettled?(): unknown;
    }) => {
      try {
        return await params.run();
      } finally {
        await settleDispatcher(params);
      }
    },
    settleReplyDispatcher: settleDispatcher,
    resolveHumanDelayConfig: (cfg: ChannelConfig) =>
      asRecord(asRecord(asRecord(cfg["agents"])["defaults"])["humanDelay"]),
    resolveEffectiveMessagesConfig: (cfg: ChannelConfig) => {
      const messages = asRecord(cfg["messages"]);
      const prefix = asText(messages["responsePrefix"]);
      return {
        messagePrefix: asText(messages["messagePrefix"]) ?? "",
        ...(prefix === undefined ? {} : { responsePrefix: prefix }),
      };
    },
  };
}

async function settleDispatcher(params: {
  dispatcher: ReplyDispatcher;
  onSettled?(): unknown;
}): Promise<void> {
  params.dispatcher.markComplete();
  await params.dispatcher.waitForIdle();
  await params.onSettled?.();
}
