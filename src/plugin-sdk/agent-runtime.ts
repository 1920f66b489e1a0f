import type { ChannelConfig } from "../contracts/channel.ts";
import { isRecord, readPath, type UnknownRecord } from "./values/records.ts";

export { defaultAgentId as resolveDefaultAgentId } from "../channels/routing/agent-route.ts";
export { resolveAckReaction } from "./replies/acknowledgement.ts";
export { normalizeAgentId } from "./routing.ts";
export {
  readNonNegativeIntegerParam,
  readPositiveIntegerParam,
  readStringArrayParam,
  readStringParam,
} from "./tools/param-readers.ts";
export { jsonResult } from "./tools/results.ts";

/** An agent's own settings. */
export function resolveAgentConfig(cfg: ChannelConfig, agentId: string): UnknownRecord | undefined {
  const list = readPath(cfg, ["agents", "list"]);
  return (Array.isArray(list) ? list : []).filter(isRecord).find((agent) => agent["id"] === agentId);
}

export function listAgentIds(cfg: ChannelConfig): string[] {
  const list = readPath(cfg, ["agents", "list"]);
  const ids = (Array.isArray(list) ? list : []).filter(isRecord).map((agent) => String(agent["id"] ?? ""));
  return ids.some(Boolean) ? ids.filter(Boolean) : ["main"];
}

/** How long an agent waits between the parts of an answer: its own setting over the shared one. */
export function resolveHumanDelayConfig(cfg: ChannelConfig, agentId: string): UnknownRecord | undefined {
  const shared = readPath(cfg, ["agents", "defaults", "humanDelay"]);
  const own = resolveAgentConfig(cfg, agentId)?.["humanDelay"];
  if (!isRecord(shared) && !isRecord(own)) return undefined;
  return { ...(isRecord(shared) ? shared : {}), ...(isRecord(own) ? own : {}) };
}
