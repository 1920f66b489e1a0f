import { join } from "node:path";
import { packageRoot } from "../../kernel/package-root.ts";
import { createPluginHost, type PluginHost } from "../../plugins/host.ts";
import { InstallBook, installHostOf, PluginInstaller } from "../../plugins/install/index.ts";
import { agentWorkspaceDir, agentWorkspaces, defaultAgentId } from "../../runtime/agent/index.ts";
import type { EventHub } from "../events/hub.ts";
import { followSessions } from "../events/session-changes.ts";
import { createPluginRuntime, type RuntimeRooms } from "../plugin-runtime.ts";
import type { WorkflowRooms } from "../plugin-workflow.ts";
import { CATALOGUE } from "../rpc/catalogue.ts";
import type { Ground } from "./ground.ts";

/** The plugins, what is written about their installation, and who installs them. */
export interface PluginRoom {
  readonly plugins: PluginHost;
  readonly installs: InstallBook;
  readonly installer: PluginInstaller;
}

/** What the plugin host needs of rooms that are made from it. */
export interface PluginRoomParts {
  hub: EventHub;
  installs: InstallBook;
  workflow: WorkflowRooms;
  /** Names of the core's own tools; filled before the first plugin registers. */
  coreToolNames: ReadonlySet<string>;
  openRooms(): RuntimeRooms;
}

/** Reads the book of installations; a broken one is reported, and no installed plugin is looked at. */
export async function openInstallBook({ stateDir, logger }: Ground): Promise<InstallBook> {
  const installs = await InstallBook.open(stateDir);
  if (installs.problem) logger.error(`${installs.file} cannot be read`, { problem: installs.problem });
  return installs;
}

/** Builds the plugin host; no plugin's code runs before `plugins.start()`. */
export function createPluginRoom(ground: Ground, parts: PluginRoomParts): PluginRoom {
  const { options, config, clock, logger, env, stateDir, facts, logFile } = ground;
  const { hub, installs, workflow, coreToolNames, openRooms } = parts;
  const plugins = createPluginHost({
    config,
    roots: {
      bundled: join(packageRoot(), "dist", "extensions"),
      global: join(stateDir, "extensions"),
      get workspaces() {
        return agentWorkspaces(config.current().config, stateDir);
      },
      get installed() {
        return installs.folders();
      },
    },
    sdkFolder: join(packageRoot(), "dist", "plugin-sdk"),
    stateDir,
    get workspaceDir() {
      const { config: now } = config.current();
      return agentWorkspaceDir(now, stateDir, defaultAgentId(now));
    },
    logger,
    clock,
    env,
    core: { gatewayMethod: new Set(CATALOGUE.flatMap((group) => group.names)), tool: coreToolNames },
    runtimeFor: (_pluginId, owner) => createPluginRuntime(openRooms(), owner),
    hasAuth: (provider) => openRooms().models.hasAuth(provider),
    publishEvent: (event, payload, pluginGuard) => hub.publish(event, payload, { pluginGuard }),
    sessionChanges: (listener) => followSessions(hub, listener),
    workflow: workflow.services,
    ...(options.importModule === undefined ? {} : { importModule: options.importModule }),
    ...(options.ownsProcess ? { process: { logFile: logFile.file } } : {}),
  });
  const installer = new PluginInstaller({
    book: installs,
    config,
    host: installHostOf(plugins),
    hooks: plugins.hooks,
    clock,
    logger: logger.child("installs"),
    env,
    hostVersion: facts.version,
  });
  return { plugins, installs, installer };
}
