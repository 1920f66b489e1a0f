import type { AgentHookContext } from "../../contracts/hooks.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnRequest } from "../../store/records.ts";
import { clampThinkingLevel } from "../models/thinking.ts";
import type { ResolvedModel } from "../models/types.ts";
import type { EngineTurn } from "../workflow/context-engines.ts";
import { type AgentSettings, agentWorkspaceDir } from "./settings.ts";
import { textField, textOrUndefined } from "./text-fields.ts";
import type { TurnSource } from "./tool-call.ts";
import type { TurnParts } from "./turn-parts.ts";

/** What hooks are told about the turn they run in. */
export function hookContextOf(
  parts: Pick<TurnParts, "config" | "stateDir">,
  request: TurnRequest,
  begun: BegunTurn,
): AgentHookContext {
  return {
    runId: request.runId,
    agentId: request.agentId,
    sessionKey: request.sessionKey,
    sessionId: begun.turn.sessionId,
    workspaceDir: agentWorkspaceDir(parts.config.current().config, parts.stateDir, request.agentId),
    trigger: request.origin === "cron" ? "cron" : request.origin === "plugin" ? "manual" : "user",
    inputProvenance: provenanceOf(request),
    ...(request.deliver ? placeOf(request.deliver, request.context) : {}),
    ...textField("senderId", request.context?.["senderId"]),
  };
}

/** The chat that a turn answers, under the names hooks know it by. */
function placeOf(
  { channel, accountId, to }: NonNullable<TurnRequest["deliver"]>,
  context: TurnRequest["context"],
): Partial<AgentHookContext> {
  const chatId = textOrUndefined(context?.["conversationId"]) ?? to;
  const sender = textField("id", context?.["senderId"]);
  return {
    channel,
    channelId: channel,
    messageProvider: channel,
    accountId,
    chatId,
    channelContext: { sender, chat: { id: chatId } },
  };
}

function provenanceOf({ origin, deliver }: TurnRequest): NonNullable<AgentHookContext["inputProvenance"]> {
  if (origin !== "channel" && origin !== "chat") return { kind: "internal_system" };
  return { kind: "external_user", ...(deliver ? { sourceChannel: deliver.channel } : {}) };
}

/** The turn as context engines know it. */
export function engineTurnOf(request: TurnRequest, begun: BegunTurn, resolved: ResolvedModel): EngineTurn {
  return {
    sessionId: begun.turn.sessionId,
    sessionKey: request.sessionKey,
    agentId: request.agentId,
    provider: resolved.model.provider,
    model: resolved.model.id,
    contextWindow: resolved.model.contextWindow ?? 0,
    ...(request.model === undefined ? {} : { requested: request.model }),
  };
}

export function thinkingFor(
  request: TurnRequest,
  begun: BegunTurn,
  settings: AgentSettings,
  resolved: ResolvedModel,
): string {
  const wanted =
    request.thinking ??
    textOrUndefined(begun.session.entry["thinkingLevel"]) ??
    settings.thinking ??
    resolved.thinking.defaultLevel;
  return clampThinkingLevel(wanted, resolved.thinking);
}

/** Operators of the gateway are owners; a channel says so of its sender. */
export function senderIsOwner(request: TurnRequest): boolean {
  const stated = request.context?.["senderIsOwner"];
  return typeof stated === "boolean" ? stated : request.origin !== "channel";
}

/** Who wrote the message, for the gate before the model. */
export function senderFields(request: TurnRequest) {
  return {
    accountId: request.deliver?.accountId,
    channelId: request.deliver?.channel,
    senderId: textOrUndefined(request.context?.["senderId"]),
    senderIsOwner: senderIsOwner(request),
  };
}

export function attachmentsOf(request: TurnRequest): { kind: string; mimeType: string }[] {
  return (request.images ?? []).map((image) => ({ kind: "image", mimeType: image.mimeType }));
}

/** Who asked for the turn, for policies. */
export function requesterOf(request: TurnRequest): {
  channel?: string;
  accountId?: string;
  senderId?: string;
  senderIsOwner: boolean;
} {
  const senderId = request.context?.["senderId"];
  return {
    ...(request.deliver ? { channel: request.deliver.channel, accountId: request.deliver.accountId } : {}),
    ...(typeof senderId === "string" ? { senderId } : {}),
    senderIsOwner: senderIsOwner(request),
  };
}

/** The chat where a question of the turn is shown. */
export function turnSourceOf({ deliver }: TurnRequest): TurnSource {
  if (!deliver) return {};
  return {
    turnSourceChannel: deliver.channel,
    turnSourceAccountId: deliver.accountId,
    turnSourceTo: deliver.to,
    ...(deliver.threadId === undefined ? {} : { turnSourceThreadId: deliver.threadId }),
  };
}
