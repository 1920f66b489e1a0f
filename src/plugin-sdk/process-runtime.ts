export { isPidAlive, killProcessTree, splitCommandArgs } from "./processes/process-control.ts";
export {
  runCommandBuffered,
  runCommandWithTimeout,
  runExec,
  runUtf8CommandWithTimeout,
} from "./processes/run-command.ts";
export { resolveRuntimeWorkerArgv, resolveRuntimeWorkerUrl } from "./processes/worker-location.ts";
export { serveWorkerTasks, WorkerTaskError, WorkerTaskPool } from "./processes/worker-tasks.ts";
