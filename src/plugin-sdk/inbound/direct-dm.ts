import type { AgentRouteInput } from "../../channels/routing/agent-route.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { createChannelReplyPipeline } from "../outbound/reply-pipeline.ts";
import { readPath, type UnknownRecord } from "../values/records.ts";
import { resolveChannelInboundRouteEnvelope } from "./envelope.ts";
import { buildChannelInboundEventContext, dispatchChannelInboundTurn } from "./runtime-calls.ts";

export interface DirectDmParams {
  cfg: ChannelConfig;
  /** `api.runtime.channel`; without it the running gateway's. */
  channelRuntime?: object;
  channel: string;
  channelLabel: string;
  accountId: string;
  peer: NonNullable<AgentRouteInput["peer"]>;
  senderId: string;
  senderAddress: string;
  recipientAddress: string;
  conversationLabel: string;
  rawBody: string;
  messageId: string;
  /** Milliseconds. */
  timestamp?: number;
  commandAuthorized?: boolean;
  bodyForAgent?: string;
  commandBody?: string;
  originatingTo?: string;
  extraContext?: UnknownRecord;
  /** Asked once more right before the turn starts; throws when the sender is not let in any more. */
  resolveChannelIngress?(binding?: unknown): unknown;
  turnAdoptionLifecycle?: object;
  deliver(payload: unknown): Promise<unknown> | unknown;
  onRecordError?(error: unknown): void;
  onDispatchError?(error: unknown, info: { kind: string }): void;
}

/** Takes one private message through route, envelope, context and turn. */
export async function dispatchInboundDirectDm(params: DirectDmParams) {
  const { cfg, channel, accountId, peer } = params;
  const { route, buildEnvelope } = resolveChannelInboundRouteEnvelope({ cfg, channel, accountId, peer });
  const channelIngress = await params.resolveChannelIngress?.();
  const envelope = buildEnvelope({
    channel: params.channelLabel,
    from: params.conversationLabel,
    body: params.rawBody,
    ...(params.timestamp === undefined ? {} : { timestamp: params.timestamp }),
  });
  const inbound = readPath({ ...params.channelRuntime }, ["inbound"]) as
    | Record<"buildContext" | "dispatch", (given: UnknownRecord) => unknown>
    | undefined;
  const build = inbound?.buildContext ?? buildChannelInboundEventContext;
  const ctxPayload = (await build({
    channel,
    accountId,
    channelIngress,
    messageId: params.messageId,
    messageIdFull: params.messageId,
    timestamp: params.timestamp,
    from: params.senderAddress,
    sender: { id: params.senderId, name: params.conversationLabel },
    conversation: { kind: "direct", id: peer.id, label: params.conversationLabel },
    route: { agentId: route.agentId, accountId, routeSessionKey: route.sessionKey },
    reply: { to: params.recipientAddress, originatingTo: params.originatingTo ?? params.senderAddress },
    message: {
      body: envelope,
      bodyForAgent: params.bodyForAgent ?? params.rawBody,
      rawBody: params.rawBody,
      commandBody: params.commandBody ?? params.rawBody,
    },
    access: { commands: { authorized: params.commandAuthorized === true } },
    extra: { NativeDirectUserId: peer.id, OriginatingChannel: channel, ...params.extraContext },
  })) as UnknownRecord;
  const { onModelSelected, ...replyPipeline } = createChannelReplyPipeline({
    cfg,
    agentId: route.agentId,
    channel,
    accountId,
  });
  const dispatch = inbound?.dispatch ?? dispatchChannelInboundTurn;
  await dispatch({
    cfg,
    channel,
    accountId,
    route: { agentId: route.agentId, sessionKey: route.sessionKey },
    ctxPayload,
    delivery: { deliver: params.deliver, onError: params.onDispatchError },
    dispatcherOptions: replyPipeline,
    replyOptions: { onModelSelected },
    record: { onRecordError: params.onRecordError },
    ...(params.turnAdoptionLifecycle ? { turnAdoptionLifecycle: params.turnAdoptionLifecycle } : {}),
  });
  return { route, ctxPayload };
}
