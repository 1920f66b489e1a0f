import type { ChannelConfig } from "../../contracts/channel.ts";
import { requireServices } from "../ambient/host.ts";

/** What `/status` answers: the session's model and use, and the version. `undefined` for who may not ask. */
export async function resolveDirectStatusReplyForSession(params: {
  cfg: ChannelConfig;
  sessionKey: string;
  channel: string;
  isAuthorizedSender: boolean;
  isGroup?: boolean;
  defaultGroupActivation?(): string;
  [extra: string]: unknown;
}): Promise<{ text: string } | undefined> {
  if (!params.isAuthorizedSender) return undefined;
  const { sessions, models, version } = requireServices("resolveDirectStatusReplyForSession");
  const entry = sessions.get(params.sessionKey);
  const agentId = /^agent:([^:]+):/.exec(params.sessionKey)?.[1];
  const chosen = entry?.modelOverride
    ? [entry.providerOverride, entry.modelOverride].filter(Boolean).join("/")
    : models.defaultRef(params.cfg, agentId);
  const lines = [`Sluice ${version}`, `Session: ${params.sessionKey}`, `Model: ${chosen}`];
  if (entry?.thinkingLevel) lines.push(`Thinking: ${entry.thinkingLevel}`);
  if (entry?.totalTokens !== undefined) {
    lines.push(`Tokens: ${entry.totalTokens}${entry.contextTokens ? ` of ${entry.contextTokens}` : ""}`);
  }
  if (params.isGroup) {
    const activation = entry?.["groupActivation"] ?? params.defaultGroupActivation?.() ?? "mention";
    lines.push(`Answers: ${activation === "always" ? "every message" : "when mentioned"}`);
  }
  if (!entry) lines.push("No message has been answered here yet.");
  return { text: lines.join("\n") };
}
