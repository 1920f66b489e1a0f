import { join } from "node:path";
import { packageRoot } from "../kernel/package-root.ts";
import { agentWorkspaces } from "../runtime/agent/index.ts";
import type { ConfigSchemas, SluiceConfig } from "../runtime/config/index.ts";
import { resolveStateDir } from "../runtime/state/index.ts";

/** Schemas of the plugins and channels that a configuration would find; runs no plugin code. */
export async function schemasFor(
  config: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ConfigSchemas> {
  const stateDir = resolveStateDir(env);
  const [{ discoverPlugins }, { buildSnapshot }, { configSchemasOf }, { InstallBook }] = await Promise.all([
    import("../plugins/discovery/discover.ts"),
    import("../plugins/snapshot.ts"),
    import("../plugins/config/config-schemas.ts"),
    import("../plugins/install/index.ts"),
  ]);
  const book = await InstallBook.open(stateDir);
  const found = await discoverPlugins(localRoots(stateDir, book.folders(), config), loadPaths(config));
  return configSchemasOf(buildSnapshot(found, config, undefined));
}

/** The folders a gateway with this configuration would look at. */
export function localRoots(
  stateDir: string,
  installed: readonly string[],
  config: Readonly<Record<string, unknown>>,
) {
  return {
    bundled: join(packageRoot(), "dist/extensions"),
    global: join(stateDir, "extensions"),
    workspaces: agentWorkspaces(config as SluiceConfig, stateDir),
    installed,
  };
}

/** `plugins.load.paths`. */
export function loadPaths(config: Readonly<Record<string, unknown>>): string[] {
  const section = config["plugins"] as { load?: { paths?: unknown } } | undefined;
  return Array.isArray(section?.load?.paths) ? section.load.paths.map(String) : [];
}
