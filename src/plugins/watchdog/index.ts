import { join } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { packageRoot } from "../../kernel/package-root.ts";
import { Scope } from "../../kernel/scope.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import type { PluginMetadataSnapshot } from "../snapshot.ts";
import type { PluginRoot } from "./culprit.ts";
import { LoopWatchdog, takeLastHold } from "./loop-watchdog.ts";
import { ProcessGuard } from "./process-guard.ts";

export interface ProcessWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDir: string;
  readonly logFile: string;
  report(pluginId: string, code: DiagnosticCode, message: string): void;
}

/**
 * Looks after a process that belongs to one gateway: errors nobody caught, attempts to end it, and code that
 * holds the event loop are traced to the plugin they come from.
 */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  readonly #scope = new Scope("process watch");
  #roots: readonly PluginRoot[] = [];
  #watchdog: LoopWatchdog | undefined;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.#scope.use(
      new ProcessGuard({ roots: () => this.#roots, report: options.report }),
      "errors nobody caught",
    );
  }

  /** Names the plugin that held the gateway before this one until somebody ended it. */
  async start(): Promise<void> {
    const { stateDir, report } = this.#options;
    const last = await takeLastHold(stateDir);
    if (last?.pluginId === undefined) return;
    const when = new Date(last.since).toISOString();
    report(
      last.pluginId,
      "event-loop-held",
      `held everything up from ${when} until the gateway was ended, in ${last.place}`,
    );
  }

  /** Learns where plugins lie. The watching thread starts with the first plugin that did not come along. */
  follow(snapshot: PluginMetadataSnapshot): void {
    this.#roots = snapshot.plugins.map(({ candidate }) => ({
      pluginId: candidate.id,
      root: candidate.realRoot,
    }));
    if (this.#watchdog) {
      this.#watchdog.follow(this.#roots);
      return;
    }
    const foreign = snapshot.plugins.some(
      ({ candidate, decision }) => decision.enabled && candidate.origin !== "bundled",
    );
    if (!foreign || this.#scope.disposed) return;
    const { clock, logger, stateDir, logFile, report } = this.#options;
    const watchdog = new LoopWatchdog(
      {
        clock,
        stateDir,
        logFile,
        workerFile: join(packageRoot(), "dist", "workers", "loop-watch.cjs"),
        onHeld: ({ pluginId, place }, heldMs) => {
          const what = `held everything up for ${Math.round(heldMs)} ms in ${place}`;
          if (pluginId !== undefined) report(pluginId, "event-loop-held", what);
          else logger.warn(`the gateway's own code ${what}`, { code: "event-loop-held" });
        },
        onFailure: (error) =>
          logger.warn("the event loop is no longer watched", { error: errorMessage(error) }),
      },
      this.#roots,
    );
    this.#watchdog = this.#scope.use(watchdog, "event loop watch");
  }

  dispose(): Promise<void> {
    return this.#scope.dispose();
  }
}
