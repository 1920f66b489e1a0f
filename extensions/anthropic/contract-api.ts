export {
  type AnthropicServiceTier,
  createAnthropicBetaHeadersWrapper,
  createAnthropicFastModeWrapper,
  createAnthropicServiceTierWrapper,
  resolveAnthropicBetas,
  resolveAnthropicFastMode,
  resolveAnthropicServiceTier,
  wrapAnthropicProviderStream,
} from "./stream-wrappers.ts";
