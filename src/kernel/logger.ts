import { pino } from "pino";
import type { Redactor } from "./redaction.ts";
import { shownJson } from "./shown-text.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** A structured logger. Fields are redacted by key and by value before anything is written. */
export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  /** True when a message of `level` would be written; guards expensive fields. */
  enabled(level: Exclude<LogLevel, "silent">): boolean;
  /** A text without the secrets that lines are written without; for what is said elsewhere about a failure. */
  redact(text: string): string;
  /** A logger whose lines carry `name` (the part of the gateway that speaks) and `fields`. */
  child(name: string, fields?: object): Logger;
}

export interface LoggerOptions {
  level: LogLevel;
  redactor: Redactor;
  /** Receives one JSON line, newline included. Must not block. */
  write(line: string): void;
}

/** Creates the root logger; everything else is a child of it. */
export function createLogger(options: LoggerOptions): Logger {
  const { redactor } = options;
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactor.value(fields) as Record<string, unknown>,
      },
    },
    { write: (line: string) => options.write(shownJson(redactor.text(line))) },
  );
  return wrap(root, redactor);
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  enabled: () => false,
  redact: (text) => text,
  child: () => silentLogger,
};

type PinoLike = Pick<pino.Logger, "debug" | "info" | "warn" | "error" | "isLevelEnabled" | "child">;

function wrap(target: PinoLike, redactor: Redactor): Logger {
  return {
    debug: (message, fields) => target.debug(fields ?? {}, message),
    info: (message, fields) => target.info(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    error: (message, fields) => target.error(fields ?? {}, message),
    enabled: (level) => target.isLevelEnabled(level),
    redact: (text) => redactor.text(text),
    // Fields of a child are written as they are given, past the formatter: they are redacted here.
    child: (name, fields) =>
      wrap(target.child({ part: name, ...(redactor.value(fields ?? {}) as object) }), redactor),
  };
}
