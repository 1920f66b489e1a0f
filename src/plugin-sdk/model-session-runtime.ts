import type { ChannelConfig } from "../contracts/channel.ts";
import { parseThreadSessionSuffix } from "./channel-plugin/targets.ts";
import { parseAgentSessionKey } from "./routing.ts";
import { isRecord, readPath } from "./values/records.ts";

/**
 * The model that `channels.modelByChannel.<channel>` gives a conversation: by its id, its parent's, its name,
 * or `*`.
 */
export function resolveChannelModelOverride(params: {
  cfg: ChannelConfig;
  channel?: string | null;
  groupId?: string | null;
  groupChatType?: string | null;
  groupChannel?: string | null;
  groupSubject?: string | null;
  parentSessionKey?: string | null;
}): {
  channel: string;
  model: string;
  matchKey: string;
  matchSource: "direct" | "parent" | "wildcard";
} | null {
  const channel = params.channel?.trim().toLowerCase();
  const models = channel ? readPath(params.cfg, ["channels", "modelByChannel", channel]) : undefined;
  if (!channel || !isRecord(models)) return null;
  const named = new Map(Object.entries(models).map(([key, value]) => [key.trim().toLowerCase(), value]));
  const pick = (
    keys: readonly (string | null | undefined)[],
    matchSource: "direct" | "parent" | "wildcard",
  ) => {
    for (const key of keys) {
      const matchKey = key?.trim().toLowerCase();
      const model = matchKey ? named.get(matchKey) : undefined;
      if (matchKey && typeof model === "string" && model.trim()) {
        return { channel, model: model.trim(), matchKey, matchSource };
      }
    }
    return null;
  };
  const parent = parseThreadSessionSuffix(params.parentSessionKey).baseSessionKey;
  const parentId = parseAgentSessionKey(parent)?.rest.split(":").slice(2).join(":");
  const names = [params.groupChannel, params.groupSubject];
  return (
    pick([params.groupId], "direct") ??
    pick([parentId, ...names, ...names.map((name) => name?.replace(/^#/, ""))], "parent") ??
    pick(["*"], "wildcard")
  );
}

export { resolveSessionModelRef } from "./agents/session-model.ts";
