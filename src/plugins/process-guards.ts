import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/logger.ts";
import { packageRoot } from "../kernel/package-root.ts";
import type { Scope } from "../kernel/scope.ts";
import type { DiagnosticCode } from "./diagnostic-codes.ts";
import type { Findings } from "./findings.ts";
import { ProcessWatch } from "./watchdog/index.ts";
import { Leftovers } from "./watchdog/leftovers.ts";
import { Surroundings } from "./watchdog/surroundings.ts";

export interface ProcessGuards {
  readonly watch: ProcessWatch;
  readonly surroundings: Surroundings;
  readonly leftovers: Leftovers;
}

interface ProcessGuardParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDir: string;
  readonly logFile: string;
  readonly findings: Findings;
  /** Owns them. */
  readonly scope: Scope;
}

/** What a process that belongs to this gateway alone lets the host do about its plugins. */
export function guardProcess(parts: ProcessGuardParts): ProcessGuards {
  const { clock, logger, stateDir, logFile, findings, scope } = parts;
  const reporting = (code: DiagnosticCode) => (pluginId: string, message: string) =>
    findings.report(pluginId, code, message);
  const watch = new ProcessWatch({
    clock,
    logger,
    stateDir,
    logFile,
    report: (pluginId, code, message) => findings.report(pluginId, code, message),
  });
  const root = packageRoot();
  const own = ["bin", "dist", "src", "node_modules"].map((folder) => join(root, folder));
  return {
    watch: scope.use(watch, "process watch"),
    surroundings: new Surroundings(reporting("surroundings-changed")),
    leftovers: scope.use(new Leftovers(reporting("resources-left"), own), "what plugins leave open"),
  };
}
