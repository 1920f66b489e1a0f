import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { PluginRuntime } from "../../contracts/runtime.ts";
import { isSluiceError, SluiceError } from "../../kernel/errors.ts";
import { createLogger } from "../../kernel/logger.ts";
import { packageRoot } from "../../kernel/package-root.ts";
import { Redactor } from "../../kernel/redaction.ts";
import { Scope } from "../../kernel/scope.ts";
import type { PluginHost } from "../../plugins/host.ts";
import type { InstallBook, PluginInstaller } from "../../plugins/install/index.ts";
import { LoadTrace } from "../../plugins/loading/load-trace.ts";
import type { PluginMetadataSnapshot } from "../../plugins/snapshot.ts";
import type { SluiceConfig } from "../../runtime/config/index.ts";
import { resolveStateDir } from "../../runtime/state/index.ts";
import { configFile } from "../access.ts";
import type { CliEnvironment } from "../context.ts";
import { readLocalConfig } from "../local-config.ts";
import { loadPaths, localRoots } from "../plugin-folders.ts";

/**
 * Runs `work` with an installer of this process, on the state folder's lock and its real configuration.
 * Undefined when a gateway holds the folder: it must do the work then.
 */
export async function withLocalInstaller<T>(
  environment: CliEnvironment,
  work: (installer: PluginInstaller) => Promise<T>,
): Promise<{ result: T } | undefined> {
  const { env, clock } = environment;
  const stateDir = resolveStateDir(env);
  const [{ takeInstanceLock, LOCK_FILE_NAME }, { openStore }, { openConfig }, install, discovery, snapshots] =
    await Promise.all([
      import("../../gateway/instance-lock.ts"),
      import("../../store/index.ts"),
      import("../../runtime/config/index.ts"),
      import("../../plugins/install/index.ts"),
      import("../../plugins/discovery/discover.ts"),
      import("../../plugins/snapshot.ts"),
    ]);
  const { configSchemasOf } = await import("../../plugins/config/config-schemas.ts");
  const scope = new Scope("plugins command");
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const lock = await takeInstanceLock(join(stateDir, LOCK_FILE_NAME)).catch((error: unknown) => {
      if (isSluiceError(error) && error.code === "GATEWAY_ALREADY_RUNNING") return undefined;
      throw error;
    });
    if (!lock) return undefined;
    scope.use(lock, "instance lock");
    const logger = stderrLogger(environment);
    const store = scope.use(await openStore({ folder: stateDir }), "store");
    const book = await install.InstallBook.open(stateDir);
    const snapshot = async (): Promise<PluginMetadataSnapshot> => {
      const current = config.current().config;
      const found = await discovery.discoverPlugins(
        localRoots(stateDir, book.folders(), current),
        loadPaths(current),
      );
      return snapshots.buildSnapshot(found, current, undefined);
    };
    const config = scope.use(
      await openConfig({
        path: configFile(env),
        store,
        clock,
        logger,
        redactor: new Redactor(),
        env,
        schemas: async () => configSchemasOf(await snapshot()),
      }),
      "configuration",
    );
    const installer = new install.PluginInstaller({
      book,
      config,
      clock,
      logger,
      env,
      hostVersion: environment.version,
      // No plugin runs here: the next start of the gateway finds what changed.
      host: {
        present: async () => install.presentIn(await snapshot()),
        apply: async () => {},
        reload: async () => {},
        problems: async () => [],
      },
    });
    await installer.recover();
    return { result: await work(installer) };
  } finally {
    await scope.dispose();
  }
}

/** Runs `work` with a plugin host that reads the configuration and serves nobody. */
export async function withLocalHost<T>(
  environment: CliEnvironment,
  work: (host: PluginHost, book: InstallBook) => Promise<T>,
): Promise<T> {
  const { env, clock } = environment;
  const stateDir = resolveStateDir(env);
  const [{ createPluginHost }, { InstallBook }, { coldKeys }, config] = await Promise.all([
    import("../../plugins/host.ts"),
    import("../../plugins/install/index.ts"),
    import("../../runtime/models/key-lookup.ts"),
    readLocalConfig(configFile(env), env),
  ]);
  const snapshot = { config, source: config };
  const book = await InstallBook.open(stateDir);
  const keys = coldKeys({ config: () => config as SluiceConfig, env, manifests: () => host.manifests() });
  const host: PluginHost = createPluginHost({
    config: { current: () => snapshot, onChange: () => ({ dispose() {} }) },
    roots: localRoots(stateDir, book.folders(), config),
    sdkFolder: join(packageRoot(), "dist/plugin-sdk"),
    stateDir,
    logger: stderrLogger(environment),
    clock,
    env,
    runtimeFor: runtimeForNobody,
    hasAuth: (provider) => keys.has(provider),
  });
  try {
    return await work(host, book);
  } finally {
    await host.dispose();
  }
}

function stderrLogger({ stderr, env }: CliEnvironment) {
  return createLogger({
    // Asking for a trace is asking to see it.
    level: LoadTrace.isWanted(env) ? "info" : "error",
    redactor: new Redactor(),
    write: (line) => void stderr.write(line),
  });
}

/** Looking at a plugin gives it no gateway; holding the runtime is fine, using it is not. */
function runtimeForNobody(pluginId: string): PluginRuntime {
  const refuse = (): never => {
    throw new SluiceError(
      "RUNTIME_UNAVAILABLE",
      `plugin "${pluginId}" used the gateway's runtime while it was only looked at; it must wait until it runs`,
    );
  };
  return new Proxy({} as PluginRuntime, { get: refuse, has: () => false });
}
