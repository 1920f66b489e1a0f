export {
  createChannelMessageAdapterFromOutbound,
  defineChannelMessageAdapter,
} from "./outbound/message-adapter.ts";
export {
  createMessageReceiptFromOutboundResults,
  listMessageReceiptPlatformIds,
  resolveMessageReceiptPrimaryId,
} from "./outbound/receipts.ts";
export { createTypingCallbacks } from "./outbound/reply-pipeline.ts";
