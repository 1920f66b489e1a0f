export {
  type AgentToAgentPolicy,
  createAgentToAgentPolicy,
  createSessionVisibilityChecker,
  resolveSessionToolsVisibility,
  type SessionAccessResult,
  type SessionToolsVisibility,
} from "./sessions/visibility.ts";
