export { isLoopbackHost } from "../runtime/egress/addresses.ts";
export {
  channelBlockedPatch,
  channelReadyPatch,
  channelStoppedPatch,
  createTransportActivityStatusPatch,
} from "./status/lifecycle-patches.ts";
export { safeParseJson } from "./values/text.ts";
