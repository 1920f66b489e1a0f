import type { Logger } from "../kernel/logger.ts";
import { isRecord } from "../kernel/records.ts";
import type { ConfigProblem, ConfigService, ConfigSnapshot } from "../runtime/config/index.ts";

const known = new WeakMap<
  ConfigSnapshot,
  { readonly stamp: unknown; readonly problems: Promise<ConfigProblem[]> }
>();

/**
 * What is wrong with the settings of plugins and channels in the file (plugin-sdk spec 2.8), by the schemas of their
 * manifests; runs no plugin code. The core's own problems are those of the snapshot. Asked again for the same
 * configuration and the same plugins (`stamp`), it has the answer.
 */
export function settingsProblems(config: ConfigService, stamp: unknown): Promise<ConfigProblem[]> {
  const snapshot = config.current();
  const found = known.get(snapshot);
  if (found && found.stamp === stamp) return found.problems;
  const problems = holdsSettings(snapshot.source) ? check(config, snapshot) : Promise.resolve([]);
  known.set(snapshot, { stamp, problems });
  return problems;
}

/** Writes them to the log once; a configuration that was looked at while it was replaced is not spoken of. */
export async function reportSettingsProblems(
  config: ConfigService,
  stamp: unknown,
  logger: Logger,
): Promise<void> {
  const snapshot = config.current();
  const problems = await settingsProblems(config, stamp);
  if (config.current() !== snapshot) return;
  for (const { path, message, severity } of problems) {
    logger[severity === "error" ? "error" : "warn"](`configuration: ${path}: ${message}`, {
      file: snapshot.path,
    });
  }
}

async function check(config: ConfigService, snapshot: ConfigSnapshot): Promise<ConfigProblem[]> {
  const told = new Set(snapshot.problems.map(keyOf));
  return (await config.validate(snapshot.source)).filter((problem) => !told.has(keyOf(problem)));
}

/** The validator is loaded only where somebody set something. */
function holdsSettings(source: ConfigSnapshot["source"]): boolean {
  const entries = isRecord(source.plugins) ? source.plugins.entries : undefined;
  const configured = Object.values(isRecord(entries) ? entries : {});
  return (
    Object.keys(source.channels ?? {}).length > 0 ||
    configured.some((entry) => isRecord(entry) && entry["config"] !== undefined)
  );
}

function keyOf({ path, message }: ConfigProblem): string {
  return `${path}\n${message}`;
}
