import type { AgentHookContext, HookEvent, HookResult, ReplyPayload } from "../../contracts/hooks.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { TurnRequest } from "../../store/records.ts";
import { CHAT_PAGE_CHANNEL } from "../sessions/chat-input.ts";
import { mediaUrlsOf } from "./reply-media.ts";
import type { HookReply, TurnParts } from "./turn-parts.ts";

/**
 * Lets `reply_dispatch` answer a message in the model's place (plugin-sdk spec 4.10). What a handler gives to
 * its dispatcher is the turn's answer: recorded and delivered like a model's.
 */
export async function dispatchedReply(
  parts: TurnParts,
  request: TurnRequest,
  hookContext: AgentHookContext,
): Promise<HookReply | undefined> {
  const { hooks, logger } = parts;
  if (!hooks.has("reply_dispatch") || (request.origin !== "chat" && request.origin !== "channel")) {
    return undefined;
  }
  const texts: string[] = [];
  const mediaUrls: string[] = [];
  const say = (payload: ReplyPayload) => {
    if (typeof payload?.text === "string" && payload.text.trim() !== "") texts.push(payload.text);
    mediaUrls.push(...(mediaUrlsOf(payload).mediaUrls ?? []));
    return true;
  };
  const nothing = () => {};
  const claimed = await hooks
    .run<HookResult<"reply_dispatch">>("reply_dispatch", eventOf(request), {
      ...hookContext,
      dispatchKind: "agent",
      cfg: parts.config.current().config,
      dispatcher: {
        sendFinalReply: say,
        sendBlockReply: say,
        sendToolResult: () => false,
        waitForIdle: async () => {},
        getQueuedCounts: () => ({ tool: 0, block: 0, final: texts.length }),
      },
      recordProcessed: nothing,
      markIdle: nothing,
    })
    .catch((error: unknown) => {
      logger.warn("reply_dispatch failed; the model answers", { error: errorMessage(error) });
      return undefined;
    });
  if (claimed?.handled !== true) return undefined;
  return { kind: "reply", text: texts.join("\n\n"), ...mediaUrlsOf({ mediaUrls }), hookContext };
}

function eventOf(request: TurnRequest): HookEvent<"reply_dispatch"> {
  const { deliver, context = {}, images } = request;
  const text = request.transcriptText ?? request.text;
  return {
    ctx: {
      ...context,
      Body: request.text,
      BodyForAgent: request.text,
      RawBody: text,
      CommandBody: text,
      SessionKey: request.sessionKey,
      Provider: deliver?.channel ?? CHAT_PAGE_CHANNEL,
      Surface: deliver?.channel ?? CHAT_PAGE_CHANNEL,
      ...(deliver ? { AccountId: deliver.accountId, OriginatingTo: deliver.to } : {}),
    },
    runId: request.runId,
    sessionKey: request.sessionKey,
    ...(images?.length ? { images: [...images] } : {}),
    inboundAudio: false,
    shouldRouteToOriginating: deliver !== undefined,
    ...(deliver
      ? {
          originatingChannel: deliver.channel,
          originatingTo: deliver.to,
          originatingAccountId: deliver.accountId,
          ...(deliver.threadId === undefined ? {} : { originatingThreadId: deliver.threadId }),
        }
      : {}),
    shouldSendToolSummaries: false,
    shouldSendFullToolDetails: false,
    // A channel turn without a target is one whose session may not send.
    sendPolicy: request.origin === "channel" && !deliver ? "deny" : "allow",
  };
}
