import type { AgentHookContext, HookEvent, HookResult } from "../../contracts/hooks.ts";
import type { TurnRequest } from "../../store/records.ts";
import { CHAT_PAGE_CHANNEL } from "../sessions/chat-input.ts";
import { textOrUndefined } from "./text-fields.ts";
import type { HookReply, TurnParts } from "./turn-parts.ts";

/**
 * Lets `before_dispatch` take over what a person typed on the chat page, before anything else of the turn
 * (plugin-sdk spec 4.10). Its row is written already, so the message ends once whatever happens meanwhile.
 * Messages of channels were offered before they became a turn.
 */
export async function claimedReply(
  { hooks }: TurnParts,
  request: TurnRequest,
  receivedAt: number,
  hookContext: AgentHookContext,
): Promise<HookReply | undefined> {
  if (request.origin !== "chat" || !hooks.has("before_dispatch")) return undefined;
  const { runId, sessionKey, deliver, context } = request;
  const channel = deliver?.channel ?? CHAT_PAGE_CHANNEL;
  const senderId = textOrUndefined(context?.["clientId"]);
  const sender = senderId === undefined ? {} : { senderId };
  const claim = await hooks.run<HookResult<"before_dispatch">>(
    "before_dispatch",
    {
      content: request.transcriptText ?? request.text,
      body: request.text,
      messageId: runId,
      channel,
      sessionKey,
      isGroup: false,
      timestamp: receivedAt,
      ...sender,
      ...(deliver?.replyToId === undefined ? {} : { replyToId: deliver.replyToId }),
    } satisfies HookEvent<"before_dispatch">,
    {
      channelId: channel,
      sessionKey,
      runId,
      messageId: runId,
      ...sender,
      ...(deliver ? { accountId: deliver.accountId, conversationId: deliver.to } : {}),
    },
  );
  if (claim?.handled !== true) return undefined;
  return { kind: "reply", text: typeof claim.text === "string" ? claim.text : "", hookContext };
}
