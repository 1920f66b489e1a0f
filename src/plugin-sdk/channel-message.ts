export {
  createChannelMessageAdapterFromOutbound,
  defineChannelMessageAdapter,
} from "./outbound/message-adapter.ts";
export {
  createMessageReceiptFromOutboundResults,
  listMessageReceiptPlatformIds,
  resolveMessageReceiptPrimaryId,
} from "./outbound/receipts.ts";
