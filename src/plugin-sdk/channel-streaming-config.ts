export {
  getChannelStreamingConfigObject,
  resolveChannelStreamingNativeTransport,
} from "./outbound/streaming-settings.ts";
