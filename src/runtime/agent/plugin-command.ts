import { join } from "node:path";
import type { AgentHookContext } from "../../contracts/hooks.ts";
import { matchCommand, runCommand } from "../../plugins/commands.ts";
import type { TurnRequest } from "../../store/records.ts";
import { CHAT_PAGE_CHANNEL } from "../sessions/chat-input.ts";
import { conversationOf } from "../workflow/conversation-refs.ts";
import { mediaUrlsOf } from "./reply-media.ts";
import { agentSessionsDir } from "./settings.ts";
import type { HookReply, TurnParts } from "./turn-parts.ts";

/**
 * Answers a turn whose text is a plugin's command, before any model is chosen (plugin-sdk spec 3.5).
 * `undefined` when it is none, or when the command lets the agent go on.
 */
export async function pluginCommandReply(
  parts: TurnParts,
  request: TurnRequest,
  hookContext: AgentHookContext,
  owner: boolean,
): Promise<HookReply | undefined> {
  const typed = request.context?.["commandBody"];
  const text = (typeof typed === "string" ? typed : (request.transcriptText ?? request.text)).trim();
  if (!text.startsWith("/")) return undefined;
  const place = conversationOf(request);
  const channel = request.deliver?.channel ?? place?.channel ?? CHAT_PAGE_CHANNEL;
  const matched = matchCommand(parts.registry.current(), text, channel);
  if (!matched) return undefined;
  const { deliver, context = {} } = request;
  if (context["suppressCommands"] === true) return undefined;
  // A gateway client is as much an owner as its scopes make it; a chat owner holds them all.
  const scopes = context["gatewayClientScopes"];
  const clientScopes = Array.isArray(scopes) ? (scopes as string[]) : undefined;
  const senderIsOwner = clientScopes ? clientScopes.includes("operator.admin") : owner;
  const senderId = context["senderId"];
  const result = await runCommand(
    matched,
    {
      channel,
      isAuthorizedSender: owner,
      senderIsOwner,
      ...(clientScopes ? { gatewayClientScopes: clientScopes } : {}),
      commandBody: text,
      config: parts.config.current().config,
      agentId: request.agentId,
      sessionKey: request.sessionKey,
      ...sessionOf(parts, request, hookContext.sessionId),
      ...(typeof senderId === "string" ? { senderId } : {}),
      ...(place ? { channelId: place.channel, accountId: place.accountId, from: place.conversationId } : {}),
      ...(place?.parentConversationId === undefined ? {} : { threadParentId: place.parentConversationId }),
      ...(deliver ? { channelId: deliver.channel, accountId: deliver.accountId, to: deliver.to } : {}),
      ...(deliver?.threadId === undefined ? {} : { messageThreadId: deliver.threadId }),
      ...parts.bindings?.callsFor(matched.entry, place, typeof senderId === "string" ? senderId : undefined),
    },
    parts.logger,
  );
  if (result.continueAgent) return undefined;
  if (result.suppressReply) return { kind: "reply", text: "", hookContext };
  return { kind: "reply", text: result.text ?? "", ...mediaUrlsOf(result), hookContext };
}

/** The session, and where it lies for those that read it through `api.runtime.agent.session`. */
function sessionOf({ stateDir }: TurnParts, { agentId, sessionKey }: TurnRequest, sessionId?: string) {
  if (sessionId === undefined) return {};
  const storePath = join(agentSessionsDir(stateDir, agentId), "sessions.json");
  return { sessionId, sessionTarget: { agentId, sessionId, sessionKey, storePath } };
}
