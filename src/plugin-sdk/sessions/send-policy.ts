import { resolveSendPolicy as policyOfConfig } from "../../channels/inbound/turn-request.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";

/** Whether answers of a session are sent: what the session says, else the rules of `session.sendPolicy`. */
export function resolveSendPolicy(params: {
  cfg: ChannelConfig;
  entry?: { sendPolicy?: unknown; channel?: unknown; chatType?: unknown } | null;
  sessionKey?: string;
  channel?: string;
  chatType?: string;
}): "allow" | "deny" {
  const { cfg, entry, sessionKey = "" } = params;
  const own = entry?.sendPolicy;
  if (own === "allow" || own === "deny") return own;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return policyOfConfig(cfg, {
    channel: params.channel ?? text(entry?.channel),
    chatType: params.chatType ?? text(entry?.chatType),
    sessionKey,
  });
}
