export {
  hasControlCommand,
  resolveCommandAuthorizedFromAuthorizers,
  shouldComputeCommandAuthorized,
} from "../channels/inbound/commands.ts";
export {
  listSkillCommandsForAgents,
  maybeResolveTextAlias,
  resolveControlCommandGate,
  resolveNativeCommandSessionTargets,
  resolveStoredModelOverride,
} from "./commands/authorisation.ts";
