export {
  attachChannelToResult,
  attachChannelToResults,
  createAttachedChannelResultAdapter,
  createEmptyChannelResult,
} from "./outbound/send-results.ts";
