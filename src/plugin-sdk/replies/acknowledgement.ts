import type { ChannelConfig } from "../../contracts/channel.ts";
import { isRecord, readPath } from "../values/records.ts";

export {
  createAckReactionHandle,
  removeAckReactionAfterReply,
  removeAckReactionHandleAfterReply,
  shouldAckReaction,
} from "../../channels/outbound/acknowledgement.ts";

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

export function missingTargetError(provider: string, hint?: string): Error {
  return new Error(`Delivering to ${provider} requires target${hint ? ` ${hint}` : ""}`);
}
