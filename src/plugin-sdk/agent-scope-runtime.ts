export {
  listAgentIds,
  resolveAgentConfig,
  resolveAgentDir,
  resolveAgentWorkspaceDir,
  resolveDefaultAgentId,
  resolveSessionAgentIdStrict,
  resolveSessionAgentIdsStrict,
  tryResolveDefaultAgentId,
} from "./agents/agent-settings.ts";
