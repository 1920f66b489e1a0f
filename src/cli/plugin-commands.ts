import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { CliRegistration } from "../contracts/registrations.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { packageRoot } from "../kernel/package-root.ts";
import type { PluginHost } from "../plugins/host.ts";
import type { RegistryEntry } from "../plugins/types.ts";
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
    await discoverPlugins(await rootsOf(environment, config), paths),
    config,
    undefined,
  );
  return plugins
    .filter(({ decision }) => decision.enabled)
    .flatMap(({ candidate }) => candidate.manifest?.cliCommands ?? [])
    .map(({ name, description }) => ({ name, description }));
}

/** Where a command line leaves what the core knows: the command it got to, and the words after it. */
export interface Departure {
  parent: Command;
  /** Names from the root to `parent`. */
  parentPath: readonly string[];
  words: readonly [string, ...string[]];
}

/**
 * Loads the plugins that own the command a line goes to (spec 3.9) and lets them add it. Manifests say whose code
 * that is; where none does, every enabled plugin is asked. Dispose after the command has run.
 */
export async function attachPluginCommand(
  departure: Departure,
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
    roots: await rootsOf(environment, config),
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
  const { parentPath, words } = departure;
  await host.activate({ kind: "command", command: parentPath[0] ?? words[0] });
  const attach = (entry: RegistryEntry<CliRegistration>, program: Command) =>
    entry.value.registrar({
      program,
      parentPath: [...entry.value.parentPath],
      config,
      logger: loggerOf(entry.pluginId, environment),
    });
  if (!(await addCommands(departure, commandsOf(host), attach))) {
    await host.activateRest();
    await addCommands(departure, commandsOf(host), attach);
  }
  return host;
}

type Entry = RegistryEntry<CliRegistration>;

function commandsOf(host: PluginHost): readonly Entry[] {
  return host.registry.current().list<CliRegistration>("cli");
}

/** Adds the commands the line names; true when there were any. */
async function addCommands(
  { parent, parentPath, words }: Departure,
  entries: readonly Entry[],
  attach: (entry: Entry, program: Command) => unknown,
): Promise<boolean> {
  const [word, next] = words;
  const below = (path: readonly string[]) =>
    entries.filter(({ value }) => JSON.stringify(value.parentPath) === JSON.stringify(path));
  const own = below(parentPath).filter(({ value }) => value.commands.includes(word));
  for (const entry of own) await attach(entry, parent);
  const nested = below([...parentPath, word]);
  if (nested.length === 0) return own.length > 0;
  const known = parent.commands.find((command) => command.name() === word);
  const group = known ?? parent.command(word).description(`Commands of plugins for ${word}`);
  for (const entry of nested) {
    const { value } = entry;
    // What only its descriptors have to tell waits; its code runs when its command is called.
    if (value.lazy && !(next && value.commands.includes(next))) {
      for (const { name, description } of value.descriptors) group.command(name).description(description);
    } else await attach(entry, group);
  }
  return true;
}

async function rootsOf({ env }: CliEnvironment, config: Readonly<Record<string, unknown>>) {
  const stateDir = resolveStateDir(env);
  const { InstallBook } = await import("../plugins/install/book.ts");
  return localRoots(stateDir, (await InstallBook.open(stateDir)).folders(), config);
}

/** Lines of a plugin's command go to stderr: stdout belongs to its result. */
function loggerOf(pluginId: string, { stderr }: CliEnvironment) {
  const write = (message: string) => void stderr.write(`${pluginId}: ${message}\n`);
  return { debug() {}, info: write, warn: write, error: write };
}
