export {
  redactIdentifier,
  redactSensitiveFieldValue,
  redactSensitiveText,
  redactToolPayloadText,
} from "./logging/redact.ts";
export { createSubsystemLogger, getChildLogger, logDebug, logError, logInfo } from "./logging/runtime-env.ts";
