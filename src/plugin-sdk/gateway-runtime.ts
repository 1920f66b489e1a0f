export { isLoopbackHost } from "../runtime/egress/addresses.ts";
export {
  channelBlockedPatch,
  channelReadyPatch,
  channelStoppedPatch,
  createConnectedChannelStatusPatch,
  createTransportActivityStatusPatch,
} from "./status/lifecycle-patches.ts";
export { safeParseJson } from "./values/text.ts";
