import { join } from "node:path";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import { packageRoot } from "../../kernel/package-root.ts";
import { discoverPlugins } from "../discovery/discover.ts";
import { LoopWatchdog } from "../watchdog/loop-watchdog.ts";
import type { BenchOptions } from "./bench.ts";
import type { ContractMessage } from "./messages.ts";
import { testPlugin } from "./test-plugin.ts";

/**
 * The other side of {@link testPluginApart}: runs the checks here and tells the parent about each. A thread
 * notes where the plugin holds the event loop, for the parent to read when it had to end this process.
 */
export async function serveContractRun(options: BenchOptions): Promise<void> {
  const { candidates } = await discoverPlugins({}, [options.folder]);
  const watchdog = new LoopWatchdog(
    {
      clock: options.clock,
      stateDir: options.stateDir,
      logFile: join(options.stateDir, "watchdog.log"),
      workerFile: join(packageRoot(), "dist", "workers", "loop-watch.cjs"),
      onHeld: () => {},
      onFailure: () => {},
    },
    candidates.map(({ id, realRoot }) => ({ pluginId: id, root: realRoot })),
  );
  try {
    const report = await testPlugin(options, {
      found: (plugin) => void tell({ kind: "found", plugin }),
      // Waits until it is said: the check may never give the loop back.
      started: (check) => tell({ kind: "started", check }),
      done: (result) => void tell({ kind: "done", result }),
    });
    await tell({ kind: "report", report });
  } catch (error) {
    const code = isSluiceError(error) ? error.code : "FAILED";
    await tell({ kind: "failed", code, message: errorMessage(error) });
  } finally {
    await watchdog.dispose();
  }
}

function tell(message: ContractMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
