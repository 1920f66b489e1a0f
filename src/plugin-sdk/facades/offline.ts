import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import { discoverPlugins } from "../../plugins/discovery/discover.ts";
import { Facades } from "../../plugins/facades/facades.ts";
import { InstallBook } from "../../plugins/install/book.ts";
import { ModuleLoader } from "../../plugins/loading/load-module.ts";
import { buildSnapshot, type PluginMetadataSnapshot } from "../../plugins/snapshot.ts";
import { agentWorkspaces } from "../../runtime/agent/index.ts";
import type { SluiceConfig } from "../../runtime/config/index.ts";
import { readSource, resolveConfig } from "../../runtime/config/index.ts";
import { hostMemory } from "../ambient/memory.ts";
import { resolveStateDir } from "../state-paths.ts";
import { resolveUserPath } from "../values/text.ts";
import { keepDiskConfig } from "./disk-config.ts";
import type { SurfaceRequest } from "./loading.ts";

interface Look {
  /** Changes with the configuration, its place and the installed plugins. */
  stamp: string;
  snapshot: PluginMetadataSnapshot;
}

interface OfflinePlugins {
  facades: Facades;
  look?: Look;
}

/**
 * Surfaces of plugins in a process without a gateway: the configuration file says which plugins may be used,
 * and is what the surfaces see as configuration (spec 6.9).
 *
 * @throws when the configuration can not be read, or as in a gateway
 */
export async function loadOffline(request: SurfaceRequest): Promise<object> {
  const plugins = hostMemory<OfflinePlugins>("facades.offline", () => ({
    facades: new Facades(new ModuleLoader({ sdkFolder: join(packageRoot(), "dist/plugin-sdk") })),
  }));
  const look = await lookAround(plugins.look);
  plugins.look = look;
  return plugins.facades.load(look.snapshot, request, () => 0);
}

async function lookAround(known: Look | undefined): Promise<Look> {
  const { env } = process;
  const stateDir = resolveStateDir(env);
  const path = resolve(env["SLUICE_CONFIG_PATH"] || join(stateDir, "sluice.json"));
  const source = await readSource(path, []);
  if (!source.effective) throw new Error(`the configuration ${path} can not be read: ${source.error}`);
  const { config } = await resolveConfig(source.effective, env, dirname(path));
  keepDiskConfig(config);
  const book = await InstallBook.open(stateDir);
  const installs = await readFile(book.file, "utf8").catch(() => "");
  const stamp = JSON.stringify([path, source.hash, installs]);
  if (known?.stamp === stamp) return known;
  const discovery = await discoverPlugins(
    {
      bundled: join(packageRoot(), "dist/extensions"),
      global: join(stateDir, "extensions"),
      workspaces: agentWorkspaces(config as SluiceConfig, stateDir),
      installed: book.folders(),
    },
    loadPathsOf(config).map((folder) => resolveUserPath(folder)),
  );
  return { stamp, snapshot: buildSnapshot(discovery, config, undefined) };
}

function loadPathsOf(config: Readonly<Record<string, unknown>>): string[] {
  const section = config["plugins"] as { load?: { paths?: unknown } } | undefined;
  const paths = section?.load?.paths;
  return Array.isArray(paths) ? paths.filter((path) => typeof path === "string" && path.trim() !== "") : [];
}
