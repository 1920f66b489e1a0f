export {
  createNonExitingRuntime,
  createSubsystemLogger,
  danger,
  defaultRuntime,
  formatDurationPrecise,
  formatDurationSeconds,
  getChildLogger,
  info,
  isVerbose,
  logVerbose,
  type PinoLikeLogger,
  type RuntimeEnv,
  registerUnhandledRejectionHandler,
  shouldLogVerbose,
  success,
  toPinoLikeLogger,
  warn,
} from "./logging/runtime-env.ts";
export { sleepWithAbort as sleep, sleepWithAbort, waitForAbortSignal } from "./values/async.ts";
export { isTruthyEnvValue } from "./values/numbers.ts";
export { computeBackoff, retryAsync } from "./values/retry.ts";
