/** The channel contract as types (spec 1.20): what a channel plugin implements and is given. */
export type {
  ChannelAccountSnapshot,
  ChannelCapabilities,
  ChannelConfig,
  ChannelConfigAdapter,
  ChannelGatewayAdapter,
  ChannelGatewayContext,
  ChannelLogSink,
  ChannelMessageActionAdapter,
  ChannelMeta,
  ChannelOutboundAdapter,
  ChannelOutboundContext,
  ChannelPlugin,
  ChatType,
  MessageReceipt,
  OutboundDeliveryResult,
} from "../contracts/channel.ts";
export type {
  ChannelReplyPayload,
  ChannelRuntime,
  ChannelTurnResult,
  InboundMessage,
  InboundResult,
  IngressQueue,
  IngressRecord,
  MsgContext,
} from "../contracts/channel-runtime.ts";
