export {
  createLoggerBackedRuntime,
  createNonExitingRuntime,
  type RuntimeEnv,
} from "./logging/runtime-env.ts";
export { waitForAbortSignal } from "./values/async.ts";
