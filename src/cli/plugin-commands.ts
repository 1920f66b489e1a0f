import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { CliRegistration } from "../contracts/registrations.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { packageRoot } from "../kernel/package-root.ts";
import { resolveStateDir } from "../runtime/state/state-folder.ts";
import { configFile } from "./access.ts";
import { localRoots } from "./commands/plugins-local.ts";
import type { CliEnvironment } from "./context.ts";
import { readLocalConfig } from "./local-config.ts";

/** A command that a plugin's manifest promises. */
export interface PromisedCommand {
  name: string;
  description: string;
}

/** Written by the build: the commands of bundled plugins that are on by default. */
const BUNDLED_COMMANDS = "dist/bundled-commands.json";

/** What manifests of enabled plugins promise, by name. Loads no plugin code. */
export async function promisedCommands(environment: CliEnvironment): Promise<PromisedCommand[]> {
  const commands = isUntouched(environment)
    ? (JSON.parse(await readFile(join(packageRoot(), BUNDLED_COMMANDS), "utf8")) as PromisedCommand[])
    : await discoverCommands(environment);
  return commands.sort((one, other) => one.name.localeCompare(other.name));
}

/** True when nothing but the bundled plugins can be there, as they are by default. */
function isUntouched(environment: CliEnvironment): boolean {
  const stateDir = resolveStateDir(environment.env);
  return ![
    configFile(environment.env),
    join(stateDir, "extensions"),
    join(stateDir, "plugins", "installs.json"),
  ].some(existsSync);
}

async function discoverCommands(environment: CliEnvironment): Promise<PromisedCommand[]> {
  const [{ discoverPlugins }, { buildSnapshot }, config] = await Promise.all([
    import("../plugins/discovery/discover.ts"),
    import("../plugins/snapshot.ts"),
    readLocalConfig(configFile(environment.env), environment.env),
  ]);
  const section = config["plugins"] as { load?: { paths?: unknown } } | undefined;
  const paths = Array.isArray(section?.load?.paths) ? section.load.paths.map(String) : [];
  const { plugins } = buildSnapshot(
    await discoverPlugins(await rootsOf(environment), paths),
    config,
    undefined,
  );
  return plugins
    .filter(({ decision }) => decision.enabled)
    .flatMap(({ candidate }) => candidate.manifest?.cliCommands ?? [])
    .map(({ name, description }) => ({ name, description }));
}

/**
 * Loads the plugins that own the root command `name` (spec 3.9) and lets them add it to the program; only
 * theirs of all plugins' code. Dispose after the command has run.
 */
export async function attachPluginCommand(
  program: Command,
  name: string,
  environment: CliEnvironment,
): Promise<Disposable> {
  const [{ createPluginHost }, { offlineRuntime }, { createLogger }, { Redactor }, config] =
    await Promise.all([
      import("../plugins/host.ts"),
      import("../plugins/loading/offline-runtime.ts"),
      import("../kernel/logger.ts"),
      import("../kernel/redaction.ts"),
      readLocalConfig(configFile(environment.env), environment.env),
    ]);
  const snapshot = { config, source: config };
  const host = createPluginHost({
    config: { current: () => snapshot, onChange: () => ({ dispose() {} }) },
    roots: await rootsOf(environment),
    sdkFolder: join(packageRoot(), "dist/plugin-sdk"),
    stateDir: resolveStateDir(environment.env),
    logger: createLogger({
      level: "error",
      redactor: new Redactor(),
      write: (line) => void environment.stderr.write(line),
    }),
    clock: environment.clock,
    // A command has no gateway around it; what needs one is called by RPC.
    runtimeFor: () => offlineRuntime({ config: () => config, stateDir: resolveStateDir(environment.env) }),
    // Whole, because a command works with what its plugin builds while it registers; no channel, service or
    // tool comes to life.
    mode: "discovery",
  });
  await host.activate({ kind: "command", command: name });
  const entries = host.registry
    .current()
    .list<CliRegistration>("cli")
    .filter(({ value }) => value.parentPath.length === 0 && value.commands.includes(name));
  for (const { value, pluginId } of entries) {
    const logger = loggerOf(pluginId, environment);
    await value.registrar({ program, parentPath: [], config, logger });
  }
  return host;
}

async function rootsOf({ env }: CliEnvironment) {
  const stateDir = resolveStateDir(env);
  const { InstallBook } = await import("../plugins/install/book.ts");
  return localRoots(stateDir, (await InstallBook.open(stateDir)).folders());
}

/** Lines of a plugin's command go to stderr: stdout belongs to its result. */
function loggerOf(pluginId: string, { stderr }: CliEnvironment) {
  const write = (message: string) => void stderr.write(`${pluginId}: ${message}\n`);
  return { debug() {}, info: write, warn: write, error: write };
}
