export {
  hasControlCommand,
  resolveCommandAuthorizedFromAuthorizers,
  shouldComputeCommandAuthorized,
} from "../channels/inbound/commands.ts";
export { resolveEffectiveAgentRuntime } from "./agents/agent-settings.ts";
export { normalizeCommandBody } from "./commands/arguments.ts";
export * from "./commands/authorisation.ts";
export { resolveCommandAuthorization } from "./commands/owner-authorisation.ts";
export * from "./native-command-registry.ts";
