export {
  hasControlCommand,
  isControlCommandMessage,
  resolveCommandAuthorizedFromAuthorizers,
  shouldComputeCommandAuthorized,
} from "../channels/inbound/commands.ts";
export * from "./commands/authorisation.ts";
export {
  resolveDirectDmAuthorizationOutcome,
  resolveSenderCommandAuthorization,
  resolveSenderCommandAuthorizationWithRuntime,
} from "./commands/sender-authorisation.ts";
export { parseAccessGroupAllowFromEntry } from "./values/text.ts";
