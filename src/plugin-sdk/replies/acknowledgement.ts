import type { ChannelConfig } from "../../contracts/channel.ts";
import { isRecord, readPath } from "../values/records.ts";

/** The reaction that tells a sender the message was seen (spec 1.18.12). */

export type AckScope = "all" | "direct" | "group-all" | "group-mentions" | "off" | "none";

export function shouldAckReaction(params: {
  scope?: AckScope | undefined;
  inboundEventKind?: string;
  isDirect: boolean;
  isGroup: boolean;
  isMentionableGroup: boolean;
  requireMention?: boolean;
  canDetectMention: boolean;
  effectiveWasMentioned: boolean;
  shouldBypassMention?: boolean;
}): boolean {
  const isAmbient = params.inboundEventKind === "room_event";
  switch (params.scope ?? "group-mentions") {
    case "all":
      return true;
    case "direct":
      return params.isDirect;
    case "group-all":
      return params.isGroup && !isAmbient;
    case "group-mentions":
      return (
        params.isGroup &&
        !isAmbient &&
        params.isMentionableGroup &&
        params.canDetectMention &&
        (params.effectiveWasMentioned || params.shouldBypassMention === true)
      );
    default:
      return false;
  }
}

const DEFAULT_ACK = "👀";

/** Account, channel, shared setting, the agent's emoji, eyes. An empty setting means none. */
export function resolveAckReaction(
  cfg: ChannelConfig,
  agentId: string,
  options: { channel?: string; accountId?: string } = {},
): string {
  const { channel, accountId } = options;
  const list = readPath(cfg, ["agents", "list"]);
  const agent = (Array.isArray(list) ? list : []).filter(isRecord).find((entry) => entry["id"] === agentId);
  const candidates = [
    channel && accountId
      ? readPath(cfg, ["channels", channel, "accounts", accountId, "ackReaction"])
      : undefined,
    channel ? readPath(cfg, ["channels", channel, "ackReaction"]) : undefined,
    readPath(cfg, ["messages", "ackReaction"]),
    readPath(agent, ["identity", "emoji"]),
  ];
  return (
    candidates.find((candidate): candidate is string => typeof candidate === "string")?.trim() ?? DEFAULT_ACK
  );
}

export interface AckReactionHandle {
  ackReactionPromise: Promise<boolean>;
  ackReactionValue: string;
  remove(): Promise<void>;
}

/** Sends the reaction; `null` for an empty one. */
export function createAckReactionHandle(params: {
  ackReactionValue: string;
  send(): Promise<unknown>;
  remove(): Promise<void>;
  onSendError?(error: unknown): void;
}): AckReactionHandle | null {
  if (params.ackReactionValue === "") return null;
  const sent = params.send().then(
    () => true,
    (error: unknown) => {
      params.onSendError?.(error);
      return false;
    },
  );
  return { ackReactionPromise: sent, ackReactionValue: params.ackReactionValue, remove: params.remove };
}

export function removeAckReactionAfterReply(params: {
  removeAfterReply: boolean;
  ackReactionPromise: Promise<boolean> | null;
  ackReactionValue: string | null;
  remove(): Promise<void>;
  onError?(error: unknown): void;
}): void {
  if (!params.removeAfterReply || !params.ackReactionPromise || !params.ackReactionValue) return;
  void params.ackReactionPromise
    .then(async (sent) => {
      if (sent) await params.remove();
    })
    .catch((error: unknown) => params.onError?.(error));
}

export function removeAckReactionHandleAfterReply(params: {
  removeAfterReply: boolean;
  handle: AckReactionHandle | null | undefined;
  onError?(error: unknown): void;
}): void {
  const { handle } = params;
  if (handle) removeAckReactionAfterReply({ ...params, ...handle });
}

export function missingTargetError(provider: string, hint?: string): Error {
  return new Error(`Delivering to ${provider} requires target${hint ? ` ${hint}` : ""}`);
}
