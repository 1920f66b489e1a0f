import { resolvePluginConfig } from "../config/plugin-config.ts";
import type { Registrant } from "../registry/row.ts";
import type { LoadEnvironment } from "./load-environment.ts";
import type { LoadRequest } from "./loaded-plugin.ts";
import { PluginFailure } from "./plugin-failure.ts";

/** What is known of a plugin before any of its code runs. */
export interface CheckedCandidate {
  readonly entry: string;
  readonly pluginConfig: Registrant["pluginConfig"];
}

/** Everything that can be wrong with a plugin before its code is imported. @throws PluginFailure */
export async function checkCandidate(
  { trace }: LoadEnvironment,
  { known }: LoadRequest,
): Promise<CheckedCandidate> {
  const { candidate } = known;
  const { entry, manifest } = candidate;
  const broken = candidate.diagnostics.find(({ level }) => level === "error");
  if (broken) throw new PluginFailure("validation", broken.code, broken.message);
  if (candidate.blocked)
    throw new PluginFailure("validation", candidate.blocked, `blocked: ${candidate.blocked}`);
  if (!manifest || !entry) {
    throw new PluginFailure("validation", "manifest-missing", `${candidate.rootDir} has no usable manifest`);
  }
  const { value, problems } = await trace.phase("settings", candidate.id, () =>
    resolvePluginConfig(manifest.configSchema, known.entry.config),
  );
  if (problems.length > 0) {
    const said = `plugins.entries.${candidate.id}.config: ${problems.join("; ")}`;
    throw new PluginFailure("validation", "config-invalid", said);
  }
  return { entry, pluginConfig: value };
}
