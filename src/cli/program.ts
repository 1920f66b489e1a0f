import { Command, CommanderError } from "commander";
import type { Disposable } from "../kernel/disposable.ts";
import { registerAgent } from "./commands/agent.ts";
import { registerChannels } from "./commands/channels.ts";
import { registerConfig } from "./commands/config.ts";
import { registerDeliveries } from "./commands/deliveries.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerGateway } from "./commands/gateway.ts";
import { registerLogs } from "./commands/logs.ts";
import { registerPlugins } from "./commands/plugins.ts";
import { registerSessions } from "./commands/sessions.ts";
import { registerStatus } from "./commands/status.ts";
import type { CliEnvironment } from "./context.ts";
import { describeError, exitCodeOf } from "./errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { Output } from "./output/output.ts";
import type { Departure } from "./plugin-commands.ts";

const EPILOGUE = `
Examples:
  $ sluice gateway run                                start the gateway on this machine
  $ sluice agent --message "what is new?"             ask the agent, print its answer
  $ sluice gateway call health --json                 call any method of the protocol
  $ sluice logs --follow                              watch what the gateway does

Exit codes: 0 done · 1 failed · 2 wrong usage · 3 no gateway answers · 4 refused · 5 timed out
Environment: SLUICE_STATE_DIR, SLUICE_CONFIG_PATH, SLUICE_GATEWAY_PORT, SLUICE_GATEWAY_TOKEN
`;

/** Builds the whole command tree; nothing runs before {@link runCli}. */
export function createProgram(environment: CliEnvironment): Command {
  const program = new Command("sluice")
    .description("A small, durable, self-hosted gateway between chat channels, devices and AI agents.")
    .version(environment.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    // Options after a command's name belong to it: plugins may use the same names for their own.
    .enablePositionalOptions()
    .addHelpText("after", EPILOGUE)
    .showHelpAfterError("(add --help for usage)");
  for (const register of [
    registerGateway,
    registerStatus,
    registerAgent,
    registerSessions,
    registerChannels,
    registerDeliveries,
    registerPlugins,
    registerConfig,
    registerDoctor,
    registerLogs,
  ]) {
    register(program, environment);
  }
  eachCommand(program, addCommonOptions);
  harness(program, environment);
  return program;
}

/** Understood by the root and by every command of the core. */
function addCommonOptions(command: Command): void {
  command
    .option("--json", "print the result as JSON")
    .option("--url <address>", "address of the gateway (ws:// on this machine, wss:// elsewhere)")
    .option("--port <number>", "port of the gateway on this machine")
    .option("--token <text>", "gateway token (better: SLUICE_GATEWAY_TOKEN)")
    .option("--timeout <seconds>", "longest wait for an answer");
}

/** Every command of the tree throws instead of exiting, speaks through `environment`, and explains alike. */
function harness(program: Command, environment: CliEnvironment): void {
  eachCommand(program, (command) => {
    command.exitOverride().configureOutput({
      writeOut: (text) => void environment.stdout.write(text),
      writeErr: (text) => void environment.stderr.write(text),
    });
  });
}

function eachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) eachCommand(child, visit);
}

/** Options of the root that take a value; the word after them is no command. */
const VALUED = new Set(["--url", "--port", "--token", "--timeout"]);

/** The words of a line that may name commands; `help x` counts as `x`. */
function commandWords(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (VALUED.has(word)) index += 1;
    else if (!word.startsWith("-") && word !== "help") words.push(word);
  }
  return words;
}

/** Follows the words as far as the core's commands go; `undefined` when they lead to one of these. */
function departureOf(program: Command, words: readonly string[]): Departure | undefined {
  let parent = program;
  const parentPath: string[] = [];
  for (const [index, word] of words.entries()) {
    const child = parent.commands.find(
      (command) => command.name() === word || command.aliases().includes(word),
    );
    if (child) {
      parent = child;
      parentPath.push(child.name());
      continue;
    }
    const isLeaf = parent.commands.length === 0 || parent.registeredArguments.length > 0;
    return isLeaf ? undefined : { parent, parentPath, words: [word, ...words.slice(index + 1)] };
  }
  return undefined;
}

/** Adds what plugins contribute when this command line needs to know: the root help, or a foreign command. */
async function addPluginCommands(
  program: Command,
  argv: readonly string[],
  environment: CliEnvironment,
): Promise<Disposable | undefined> {
  const words = commandWords(argv);
  const departure = departureOf(program, words);
  if (words.length > 0 && !departure) return undefined;
  const { attachPluginCommand, promisedCommands } = await import("./plugin-commands.ts");
  if (departure) {
    const plugins = await attachPluginCommand(departure, environment);
    harness(program, environment);
    return plugins;
  }
  const lines = (await promisedCommands(environment)).map(
    ({ name, description }) => `  ${name.padEnd(20)} ${description}`,
  );
  if (lines.length > 0) program.addHelpText("after", `Commands of plugins:\n${lines.join("\n")}\n`);
  return undefined;
}

/** A command that reports what it found has printed its one document already. */
function isSaidAlready(code: string): boolean {
  return code === "CHECKS_FAILED" || code === "CHECKS_TIMED_OUT";
}

/** Runs one command line and returns the exit code; failures are shown, never thrown. */
export async function runCli(argv: readonly string[], environment: CliEnvironment): Promise<ExitCode> {
  const program = createProgram(environment);
  let plugins: Disposable | undefined;
  try {
    plugins = await addPluginCommands(program, argv, environment);
    await program.parseAsync(argv, { from: "user" });
    return EXIT.OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    const json = argv.includes("--json") && !isSaidAlready(describeError(error).code);
    const output = new Output({ ...environment, json });
    output.failure(error);
    return exitCodeOf(error);
  } finally {
    await plugins?.dispose();
  }
}
