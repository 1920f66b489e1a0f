/** @deprecated Kept for published plugins; the functions live in `channel-outbound`. */
export type {
  ChannelAccountSnapshot,
  ChannelGatewayContext,
  ChannelLogSink,
  ChannelPlugin,
} from "../contracts/channel.ts";
export {
  createReplyPrefixContext,
  createReplyPrefixOptions,
  createTypingCallbacks,
} from "./outbound/reply-pipeline.ts";
