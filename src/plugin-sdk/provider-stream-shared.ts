export {
  createOpenAICompatibleThinkingWrapper as createDeepSeekV4OpenAICompatibleThinkingWrapper,
  createPayloadPatchStreamWrapper,
  isOpenAICompatibleThinkingEnabled,
  normalizeOpenAICompatibleReasoningReplay,
  setQwenChatTemplateThinking,
  streamWithPayloadPatch,
} from "./providers/stream-wrappers.ts";
