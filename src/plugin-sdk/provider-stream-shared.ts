export {
  createOpenAICompatibleThinkingWrapper as createDeepSeekV4OpenAICompatibleThinkingWrapper,
  streamWithPayloadPatch,
} from "./providers/stream-wrappers.ts";
