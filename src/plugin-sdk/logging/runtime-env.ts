import { type RejectionHandler, rejectionHandlers } from "../../plugins/watchdog/rejection-handlers.ts";
import { currentHost } from "../ambient/host.ts";
import { isTruthyEnvValue } from "../values/numbers.ts";
import { readPath } from "../values/records.ts";

/** Logging for code that was handed no logger: through the running host, else to the console. */

export interface SdkLogger {
  trace(message: string, meta?: object): void;
  debug(message: string, meta?: object): void;
  info(message: string, meta?: object): void;
  warn(message: string, meta?: object): void;
  error(message: string, meta?: object): void;
  fatal(message: string, meta?: object): void;
}

export interface SubsystemLogger extends SdkLogger {
  subsystem: string;
  raw(message: string): void;
  child(name: string): SubsystemLogger;
  isEnabled(level: string): boolean;
}

type Level = "debug" | "info" | "warn" | "error";
type HostLogger = Partial<Record<Level, (message: string, meta?: object) => void>>;

function write(level: Level, bindings: Record<string, unknown>, message: string, meta?: object): void {
  const getChildLogger = readPath(currentHost()?.runtime, ["logging", "getChildLogger"]);
  if (typeof getChildLogger === "function") {
    (getChildLogger(bindings) as HostLogger)[level]?.(message, meta);
    return;
  }
  if (level === "debug" && !isVerbose()) return;
  console[level](message, ...(meta === undefined ? [] : [meta]));
}

/** Plugins write the message first, or, as with pino, the facts first. */
function inOrder(first: unknown, second: unknown): { message: string; meta?: object } {
  const isFactsFirst = typeof first === "object" && first !== null;
  const [facts, text] = isFactsFirst ? [first, second] : [second, first];
  const message = text === undefined ? "" : String(text);
  return typeof facts === "object" && facts !== null ? { message, meta: facts } : { message };
}

export function getChildLogger(bindings: Record<string, unknown> = {}): SdkLogger {
  const at = (level: Level) => (first: unknown, second?: unknown) => {
    const { message, meta } = inOrder(first, second);
    write(level, bindings, message, meta);
  };
  return {
    trace: at("debug"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("error"),
  };
}

export function createSubsystemLogger(subsystem: string): SubsystemLogger {
  const logger = getChildLogger({ subsystem });
  return {
    ...logger,
    subsystem,
    raw: (message) => logger.info(message),
    child: (name) => createSubsystemLogger(`${subsystem}/${name}`),
    isEnabled: (level) => (level === "debug" || level === "trace" ? isVerbose() : true),
  };
}

export function isVerbose(): boolean {
  const shouldLogVerbose = readPath(currentHost()?.runtime, ["logging", "shouldLogVerbose"]);
  if (typeof shouldLogVerbose === "function") return shouldLogVerbose() === true;
  return isTruthyEnvValue(process.env["SLUICE_VERBOSE"] ?? process.env["OPENCLAW_VERBOSE"]);
}

export const shouldLogVerbose = isVerbose;

export function logVerbose(message: string): void {
  if (isVerbose()) write("debug", {}, message);
}

export const logDebug = (message: string): void => write("debug", {}, message);
export const logInfo = (message: string): void => write("info", {}, message);
export const logError = (message: string): void => write("error", {}, message);

/** Marks of a terminal's theme; this host's logs are not coloured. */
export const danger = (text: string): string => text;
export const warn = (text: string): string => text;
export const info = (text: string): string => text;
export const success = (text: string): string => text;

export interface RuntimeEnv {
  log(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
  exit(code: number): void;
}

/** A runtime for a command whose failure must not end the process. */
export function createNonExitingRuntime(): RuntimeEnv & {
  writeStdout(value: string): void;
  writeJson(value: unknown, space?: number): void;
} {
  return createLoggerBackedRuntime({
    logger: { info: (text) => console.log(text), error: (text) => console.error(text) },
  });
}

/** The console and the process of a command that a person runs. */
export const defaultRuntime: RuntimeEnv & {
  writeStdout(value: string): void;
  writeJson(value: unknown, space?: number): void;
} = {
  ...createNonExitingRuntime(),
  exit: (code) => {
    process.exit(code);
  },
};

const PINO_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
type PinoLevel = (typeof PINO_LEVELS)[number];
type PinoWrite = (factsOrMessage: unknown, message?: string) => void;

export interface PinoLikeLogger extends Record<Exclude<PinoLevel, "silent">, PinoWrite> {
  level: string;
  child(bindings?: Record<string, unknown>): PinoLikeLogger;
  silent: PinoWrite;
}

/** A logger for libraries that expect pino: facts first, children, and nothing below the level. */
export function toPinoLikeLogger(logger: SdkLogger, level = "info"): PinoLikeLogger {
  return pinoLike(logger, level, {});
}

function pinoLike(logger: SdkLogger, level: string, bindings: Record<string, unknown>): PinoLikeLogger {
  const known = PINO_LEVELS.indexOf(level as PinoLevel);
  const least = known === -1 ? PINO_LEVELS.indexOf("info") : known;
  const at = (name: Exclude<PinoLevel, "silent">): PinoWrite => {
    return (first, second) => {
      if (PINO_LEVELS.indexOf(name) < least) return;
      const { message, meta } = inOrder(first, second);
      const facts = { ...bindings, ...meta };
      const hasFacts = Object.keys(facts).length > 0;
      logger[name](message, ...(hasFacts ? [facts] : []));
    };
  };
  return {
    level,
    child: (more = {}) => pinoLike(logger, level, { ...bindings, ...more }),
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    silent: () => {},
  };
}

/** Hears of promises that nobody awaited before they count as an error; the result ends that. */
export function registerUnhandledRejectionHandler(handler: RejectionHandler): () => void {
  rejectionHandlers().add(handler);
  return () => {
    rejectionHandlers().delete(handler);
  };
}

export function createLoggerBackedRuntime(params: {
  logger: { info(message: string): void; error(message: string): void };
  exitError?(code: number): Error;
}) {
  const { logger } = params;
  const text = (parts: unknown[]) =>
    parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" ");
  return {
    log: (...parts: unknown[]) => logger.info(text(parts)),
    error: (...parts: unknown[]) => logger.error(text(parts)),
    writeStdout: (value: string) => logger.info(value),
    writeJson: (value: unknown, space = 2) =>
      logger.info(JSON.stringify(value, null, space > 0 ? space : undefined)),
    exit: (code: number) => {
      throw params.exitError?.(code) ?? new Error(`exit ${code}`);
    },
  };
}

export function resolveLoggerBackedRuntime<Runtime>(
  runtime: Runtime | undefined,
  logger: { info(message: string): void; error(message: string): void },
): Runtime {
  return runtime ?? (createLoggerBackedRuntime({ logger }) as unknown as Runtime);
}

/** `1.5s`, `2m 3s`. */
export function formatDurationSeconds(
  ms: number,
  options: { decimals?: number; unit?: "s" | "seconds" } = {},
): string {
  const seconds = Math.max(0, ms) / 1_000;
  const text = seconds.toFixed(options.decimals ?? 1).replace(/\.0+$/, "");
  return options.unit === "seconds" ? `${text} seconds` : `${text}s`;
}

export function formatDurationPrecise(
  ms: number,
  options: { decimals?: number; unit?: "s" | "seconds" } = {},
): string {
  return ms < 1_000 ? `${Math.round(ms)}ms` : formatDurationSeconds(ms, { decimals: 2, ...options });
}
