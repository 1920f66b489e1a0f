export { collectNestedChannelTtsAssignments } from "./secrets/channel-tts-secrets.ts";
