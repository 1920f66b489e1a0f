import { parseArgs } from "node:util";
import { errorMessage, isSluiceError } from "../kernel/errors.ts";
import { shownText } from "../kernel/shown-text.ts";
import { startGateway } from "./compose.ts";
import type { RunningGateway } from "./gateway-options.ts";

export { startGateway };

/** Exit codes of the gateway process. */
const EXIT = { FAILED: 1, USAGE: 2 } as const;
/** A stop that takes longer is cut short; a restart goes on from the rows. */
const FORCED_EXIT_MS = 30_000;
/** A gateway that is asked to stop before it has started is given this long to come that far. */
const STOP_WHILE_STARTING_MS = 3_000;
/** Told to the launcher when everything that start-up needs has run once. */
const SETTLED_EVENT = "sluice:settled";
const SETTLE_MS = 500;

/** Entry of `sluice gateway run`: starts a gateway and runs until SIGINT or SIGTERM. */
async function run(argv: readonly string[]): Promise<void> {
  const starting = startGateway(optionsOf(argv));
  // From the first moment on: a gateway answers before it has told everybody that it is up.
  stopOnSignal(starting);
  const gateway = await starting;
  printWelcome(gateway);
  setTimeout(() => process.emit(SETTLED_EVENT as never), SETTLE_MS).unref();
}

function optionsOf(argv: readonly string[]) {
  const { values } = parseArgs({
    args: argv.filter((word, index) => !(index < 2 && (word === "gateway" || word === "run"))),
    options: {
      port: { type: "string" },
      bind: { type: "string" },
      token: { type: "string" },
      verbose: { type: "boolean" },
      json: { type: "boolean" },
    },
    allowPositionals: true,
    strict: true,
  });
  return {
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    ...(values.bind === undefined ? {} : { bind: values.bind }),
    ...(values.token === undefined ? {} : { token: values.token }),
    ownsProcess: true,
    logLevel: values.verbose ? ("debug" as const) : ("info" as const),
    onLog: (line: string) => {
      if (values.verbose || isNotable(line)) process.stderr.write(line);
    },
  };
}

/** Without `--verbose` only problems reach the terminal; everything is in the log file. */
function isNotable(line: string): boolean {
  return /"level":"(warn|error|fatal)"/.test(line);
}

function printWelcome(gateway: RunningGateway): void {
  const page = gateway.token === "" ? gateway.httpUrl : `${gateway.httpUrl}/#token=${gateway.token}`;
  process.stdout.write(
    `sluice is running.\n\n  page     ${page}\n  clients  ${gateway.url}\n  state    ${gateway.stateDir}\n\nPress Ctrl+C to stop.\n`,
  );
}

function stopOnSignal(starting: Promise<RunningGateway>): void {
  let asked = false;
  const stop = (signal: NodeJS.Signals) => {
    // Whoever asks twice does not want to wait.
    if (asked) process.exit(EXIT.FAILED);
    asked = true;
    setTimeout(() => process.exit(EXIT.FAILED), FORCED_EXIT_MS).unref();
    // What was accepted by then is in its rows.
    const tooSlow = setTimeout(() => process.exit(EXIT.FAILED), STOP_WHILE_STARTING_MS).unref();
    starting.then(
      (gateway) => {
        clearTimeout(tooSlow);
        stopGateway(gateway, `${signal} received`);
      },
      () => {},
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

function stopGateway(gateway: RunningGateway, reason: string): void {
  gateway.stop(reason).then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`stopping failed: ${errorMessage(error)}\n`);
      process.exit(EXIT.FAILED);
    },
  );
}

run(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`sluice could not start: ${shownText(errorMessage(error))}\n`);
  const code = isSluiceError(error) ? error.code : (error as NodeJS.ErrnoException).code;
  const usage = typeof code === "string" && (code.startsWith("ERR_PARSE_ARGS") || code.endsWith("_INVALID"));
  process.exit(usage ? EXIT.USAGE : EXIT.FAILED);
});
