import {
  formatAgentEnvelope,
  formatInboundEnvelope,
  resolveEnvelopeFormatOptions,
} from "../../channels/inbound/envelope.ts";
import { type AgentRouteInput, resolveAgentRoute } from "../../channels/routing/agent-route.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { currentHost } from "../ambient/host.ts";
import { readPath } from "../values/records.ts";

type EnvelopeInput = Omit<Parameters<typeof formatAgentEnvelope>[0], "previousTimestamp"> & {
  previousTimestamp?: number | Date | null;
};

/** A function that puts the configured header before the text of one conversation. */
export function createChannelInboundEnvelopeBuilder(params: {
  cfg: ChannelConfig;
  route: { agentId: string; sessionKey: string };
}): (input: EnvelopeInput) => string {
  const envelope = resolveEnvelopeFormatOptions(params.cfg);
  return ({ previousTimestamp, ...input }) =>
    formatAgentEnvelope({ envelope, ...input, ...(previousTimestamp ? { previousTimestamp } : {}) });
}

/** The route of a conversation with its envelope function. */
export function resolveChannelInboundRouteEnvelope(params: AgentRouteInput) {
  const route = resolveAgentRoute(params);
  return { route, buildEnvelope: createChannelInboundEnvelopeBuilder({ cfg: params.cfg, route }) };
}

/** What an envelope needs to know of a session that may exist already. */
export function resolveInboundSessionEnvelopeContext(params: {
  cfg: ChannelConfig;
  agentId: string;
  sessionKey: string;
}) {
  const session = readPath(currentHost()?.runtime, ["channel", "session"]) as
    | Record<string, (...args: unknown[]) => unknown>
    | undefined;
  const store = readPath(params.cfg, ["session", "store"]);
  const storePath = String(session?.["resolveStorePath"]?.(store, { agentId: params.agentId }) ?? "");
  const previous = session?.["readSessionUpdatedAt"]?.({ storePath, sessionKey: params.sessionKey });
  return {
    storePath,
    envelopeOptions: resolveEnvelopeFormatOptions(params.cfg),
    previousTimestamp: typeof previous === "number" ? previous : undefined,
  };
}

/** `<label> id:<id>`; in a direct chat the id is left out when it is the label. */
export function formatInboundFromLabel(params: {
  isGroup: boolean;
  groupLabel?: string;
  groupId?: string;
  directLabel: string;
  directId?: string;
  groupFallback?: string;
}): string {
  if (params.isGroup) {
    const label = params.groupLabel?.trim() || params.groupFallback || "Group";
    return params.groupId?.trim() ? `${label} id:${params.groupId.trim()}` : label;
  }
  const label = params.directLabel.trim();
  const id = params.directId?.trim();
  return !id || id === label ? label : `${label} id:${id}`;
}

export { formatAgentEnvelope, formatInboundEnvelope, resolveEnvelopeFormatOptions };
