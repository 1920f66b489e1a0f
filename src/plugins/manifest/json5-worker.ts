import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import JSON5 from "json5";
import type { Json5Answer } from "./json5-thread.ts";

/** The thread that reads one long JSON5 text; built to `dist/workers/json5.cjs`. */
function answer(): Json5Answer {
  try {
    return { json: JSON.stringify(JSON5.parse(String(workerData))) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

try {
  // On Linux this is the priority of the thread alone: whatever the gateway does comes first.
  if (process.platform === "linux") setPriority(constants.priority.PRIORITY_LOW);
} catch {
  // Where it is not allowed the reading takes its share.
}
parentPort?.postMessage(answer());
