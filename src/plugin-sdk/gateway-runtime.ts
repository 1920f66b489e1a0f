export { isLoopbackHost } from "../runtime/egress/index.ts";
export {
  channelBlockedPatch,
  channelReadyPatch,
  channelStoppedPatch,
  createConnectedChannelStatusPatch,
  createTransportActivityStatusPatch,
} from "./status/lifecycle-patches.ts";
export { safeParseJson } from "./values/text.ts";
