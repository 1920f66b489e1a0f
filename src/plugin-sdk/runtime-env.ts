export {
  createNonExitingRuntime,
  createSubsystemLogger,
  danger,
  formatDurationPrecise,
  formatDurationSeconds,
  getChildLogger,
  info,
  isVerbose,
  logVerbose,
  type RuntimeEnv,
  shouldLogVerbose,
  success,
  warn,
} from "./logging/runtime-env.ts";
export { sleepWithAbort as sleep, sleepWithAbort, waitForAbortSignal } from "./values/async.ts";
export { isTruthyEnvValue } from "./values/numbers.ts";
export { computeBackoff, retryAsync } from "./values/retry.ts";
