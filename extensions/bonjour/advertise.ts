import { Worker } from "node:worker_threads";
import type { PluginLogger } from "sluice/plugin-sdk/plugin-entry";
import type { Announcement } from "./announcement.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

export interface Advertisement {
  /** Says goodbye on the network and ends the worker; resolves in any case, within three seconds. */
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 2_000;
/** An mDNS responder needs little; a runaway one must not take the gateway's memory. */
const MAX_HEAP_MB = 48;

/** Starts the worker that announces the gateway. Whatever goes wrong in there is only logged. */
export function startAdvertising(
  announcement: Announcement,
  workerFile: URL,
  logger: PluginLogger,
): Advertisement {
  const worker = new Worker(workerFile, {
    workerData: { announcement },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    name: "bonjour",
  });
  // The announcement is a service to others; it never keeps the gateway alive.
  worker.unref();
  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    worker.once("exit", (status) => {
      if (!stopping) logger.warn(`the announcement on the local network ended (status ${status})`);
      resolve();
    });
  });
  worker.on("message", (message: FromWorker) => {
    if (message.kind === "announced") logger.info(`announced on the local network as "${message.name}"`);
    else logger.warn(`local network announcement: ${message.message}`);
  });
  worker.on("error", (error) => logger.warn(`local network announcement failed: ${error.message}`));
  return {
    async stop() {
      if (stopping) return ended;
      stopping = true;
      worker.postMessage({ kind: "stop" } satisfies ToWorker);
      const limit = setTimeout(() => void worker.terminate(), STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}
