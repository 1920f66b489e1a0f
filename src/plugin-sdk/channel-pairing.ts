export { createTextPairingAdapter } from "./channel-plugin/chat-channel.ts";
export {
  createChannelPairingChallengeIssuer,
  createChannelPairingController,
  createLoggedPairingApprovalNotifier,
  createPairingPrefixStripper,
  readChannelAllowFromStore,
} from "./pairing/controller.ts";
