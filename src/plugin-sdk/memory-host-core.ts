export { resolveDefaultAgentId, resolveSessionAgentId } from "./agents/agent-settings.ts";
export {
  buildActiveMemoryPromptSection,
  getMemoryCapabilityRegistration,
  listActiveMemoryPublicArtifacts,
  listActiveMemoryPublicArtifacts as listMemoryHostPublicArtifacts,
  type MemoryPublicArtifact,
} from "./memory/active-memory.ts";
