import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { Disposable } from "../kernel/disposable.ts";
import { packageRoot } from "../kernel/package-root.ts";
import { resolveStateDir } from "../runtime/state/index.ts";
import { configFile } from "./access.ts";
import { attachEntry, type CommandEntry, commandHost, commandsOf, rootsOf } from "./command-host.ts";
import type { CliEnvironment } from "./context.ts";
import { readLocalConfig } from "./local-config.ts";

/** A command that a plugin's manifest promises. */
export interface PromisedCommand {
  name: string;
  description: string;
}

/** Written by the build: the commands of bundled plugins that are on by default. */
const BUNDLED_COMMANDS = "dist/bundled-commands.json";

/**
 * What enabled plugins add to the root, by name. Manifests say it without their code; a plugin that is not ours
 * and promises nothing there is asked, with nothing but its commands active.
 */
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
  const enabled = plugins.filter(({ decision }) => decision.enabled).map(({ candidate }) => candidate);
  const promised = enabled
    .flatMap(({ manifest }) => manifest?.cliCommands ?? [])
    .map(({ name, description }) => ({ name, description }));
  const silent = enabled.filter(
    ({ origin, format, manifest }) =>
      origin !== "bundled" &&
      format === "openclaw" &&
      manifest?.cliCommands.length === 0 &&
      manifest.activation.onStartup !== false,
  );
  if (silent.length === 0) return promised;
  const others = plugins.map(({ candidate }) => candidate).filter((candidate) => !silent.includes(candidate));
  const { described } = await import("./described-commands.ts");
  const names = new Set(promised.map(({ name }) => name));
  const told = await described(
    environment,
    config,
    others.map(({ id }) => id),
  );
  return [...promised, ...told.filter(({ name }) => !names.has(name))];
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
  const config = await readLocalConfig(configFile(environment.env), environment.env);
  // Whole, because a command works with what its plugin builds while it registers; no channel, service or
  // tool comes to life.
  const host = await commandHost(environment, config, "discovery");
  const { parentPath, words } = departure;
  await host.activate({ kind: "command", command: parentPath[0] ?? words[0] });
  const attach = (entry: CommandEntry, program: Command) => attachEntry(entry, program, environment, config);
  if (!(await addCommands(departure, commandsOf(host), attach))) {
    await host.activateRest();
    await addCommands(departure, commandsOf(host), attach);
  }
  return host;
}

/** Adds the commands the line names; true when there were any. */
async function addCommands(
  { parent, parentPath, words }: Departure,
  entries: readonly CommandEntry[],
  attach: (entry: CommandEntry, program: Command) => unknown,
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
