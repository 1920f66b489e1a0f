import { join } from "node:path";
import type { Command } from "commander";
import type { CliRegistration } from "../contracts/registrations.ts";
import { packageRoot } from "../kernel/package-root.ts";
import type { PluginHost } from "../plugins/host.ts";
import type { RegistryEntry } from "../plugins/types.ts";
import { resolveStateDir } from "../runtime/state/index.ts";
import type { CliEnvironment } from "./context.ts";
import { localRoots } from "./plugin-folders.ts";

type Config = Readonly<Record<string, unknown>>;
/** Commands that a plugin registered. */
export type CommandEntry = RegistryEntry<CliRegistration>;

/** A host for commands alone: a command has no gateway around it; what needs one is called by RPC. */
export async function commandHost(
  environment: CliEnvironment,
  config: Config,
  mode: "discovery" | "cli-metadata",
): Promise<PluginHost> {
  const [
    { createPluginHost },
    { offlineRuntime },
    { createLogger },
    { Redactor },
    { localSystem },
    { commandConfig },
  ] = await Promise.all([
    import("../plugins/host.ts"),
    import("../plugins/loading/offline-runtime.ts"),
    import("../kernel/logger.ts"),
    import("../kernel/redaction.ts"),
    import("../runtime/system/index.ts"),
    import("./command-config.ts"),
  ]);
  const configOf = mode === "discovery" ? await commandConfig(environment) : undefined;
  const snapshot = { config, source: config };
  const stateDir = resolveStateDir(environment.env);
  return createPluginHost({
    config: { current: () => snapshot, onChange: () => ({ dispose() {} }) },
    roots: await rootsOf(environment, config),
    sdkFolder: join(packageRoot(), "dist/plugin-sdk"),
    stateDir,
    logger: createLogger({
      // Of a plugin that is asked for its commands only these matter.
      level: mode === "cli-metadata" ? "silent" : "error",
      redactor: new Redactor(),
      write: (line) => void environment.stderr.write(line),
    }),
    clock: environment.clock,
    runtimeFor: (pluginId, { programs, logger }) =>
      offlineRuntime({
        ...(configOf ? { configWrites: configOf(pluginId, logger) } : {}),
        config: () => config,
        stateDir,
        whyNot: "needs the gateway's own process; on the command line ask the running gateway by RPC",
        system: localSystem(environment.clock, programs),
      }),
    mode,
  });
}

/** Lets a plugin add its commands to what was found for them. */
export async function attachEntry(
  { value, pluginId }: CommandEntry,
  program: Command,
  environment: CliEnvironment,
  config: Config,
): Promise<void> {
  const { agentWorkspaceDir, defaultAgentId } = await import("../runtime/agent/settings.ts");
  await value.registrar({
    program,
    parentPath: [...value.parentPath],
    config,
    workspaceDir: agentWorkspaceDir(config, resolveStateDir(environment.env), defaultAgentId(config)),
    logger: loggerOf(pluginId, environment),
  });
}

export function commandsOf(host: PluginHost): readonly CommandEntry[] {
  return host.registry.current().list<CliRegistration>("cli");
}

/** Where plugins of a command line are looked for. */
export async function rootsOf({ env }: CliEnvironment, config: Readonly<Record<string, unknown>>) {
  const stateDir = resolveStateDir(env);
  const { InstallBook } = await import("../plugins/install/book.ts");
  return localRoots(stateDir, (await InstallBook.open(stateDir)).folders(), config);
}

/** Lines of a plugin's command go to stderr: stdout belongs to its result. */
function loggerOf(pluginId: string, { stderr }: CliEnvironment) {
  const write = (message: string) => void stderr.write(`${pluginId}: ${message}\n`);
  return { debug() {}, info: write, warn: write, error: write };
}
