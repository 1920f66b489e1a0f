import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import { createLogger, type Logger } from "../../kernel/logger.ts";
import { isSecretKey, Redactor } from "../../kernel/redaction.ts";
import type { Scope } from "../../kernel/scope.ts";
import type { SluiceConfig } from "../../runtime/config/index.ts";
import { type ConfigSchemas, type ConfigService, openConfig } from "../../runtime/config/index.ts";
import { resolveStateDir } from "../../runtime/state/index.ts";
import { openStore, type Store } from "../../store/index.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { LOCK_FILE_NAME, takeInstanceLock } from "../instance-lock.ts";
import { LogFile } from "../log-file.ts";
import { packageVersion } from "../package-version.ts";
import { GatewayProgress } from "../readiness.ts";
import type { GatewayFacts } from "../services.ts";
import { configPathOf } from "../settings.ts";

/** What every other part stands on: the state folder and its lock, the log, the store, the configuration. */
export interface Ground {
  readonly options: GatewayOptions;
  readonly scope: Scope;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stateDir: string;
  readonly facts: GatewayFacts;
  readonly progress: GatewayProgress;
  readonly redactor: Redactor;
  readonly logFile: LogFile;
  readonly logger: Logger;
  readonly store: Store;
  readonly config: ConfigService;
  /** The configuration as it is now. */
  current(): SluiceConfig;
}

/** Makes the state folder when it is missing and takes its lock. @throws SluiceError that says what is wrong with it */
async function takeFolder(stateDir: string): Promise<Disposable> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    return await takeInstanceLock(join(stateDir, LOCK_FILE_NAME));
  } catch (error) {
    const advice = FOLDER_ADVICE[String((error as NodeJS.ErrnoException).code)];
    if (advice === undefined) throw error;
    throw new SluiceError("STATE_FOLDER_UNUSABLE", `the state folder ${stateDir} ${advice}`, {
      cause: error,
    });
  }
}

const FOLDER_ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "is on a full disk; free some space and start again",
  EDQUOT: "is over its quota; free some space and start again",
  EACCES: "can not be written; give it to the user who runs the gateway, or set SLUICE_STATE_DIR",
  EPERM: "can not be written; give it to the user who runs the gateway, or set SLUICE_STATE_DIR",
  EROFS: "is on a read-only disk; mount it for writing, or set SLUICE_STATE_DIR",
  ENOTDIR: "is no folder; move what is there away, or set SLUICE_STATE_DIR",
};

/**
 * Takes the state folder for this gateway and opens what lies in it.
 *
 * @param schemas what plugins let their settings be; asked for at each check of the configuration
 */
export async function openGround(
  options: GatewayOptions,
  scope: Scope,
  schemas: () => Promise<ConfigSchemas>,
): Promise<Ground> {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const stateDir = options.stateDir ?? resolveStateDir(env);
  const facts = { version: packageVersion(), bootId: newUuid(), startedAt: clock.now(), stateDir };
  scope.use(await takeFolder(stateDir), "instance lock");

  const redactor = new Redactor();
  for (const [name, value] of Object.entries(env)) if (value && isSecretKey(name)) redactor.add(value);
  const logFile = scope.use(await LogFile.open(join(stateDir, "logs", "gateway.log")), "log file");
  const logger = createLogger({
    level: options.logLevel ?? "info",
    redactor,
    write: (line) => {
      logFile.write(line);
      options.onLog?.(line);
    },
  });

  const progress = new GatewayProgress(facts, () => clock.monotonic());
  const store = scope.use(
    await openStore({
      folder: stateDir,
      onFailure: (error) => {
        progress.lost("store");
        logger.error("the store failed; restart the gateway", { error });
      },
      onRefusal: (error) => {
        if (progress.troubled("store")) logger.error("the store can not be written", { error });
      },
    }),
    "store",
  );
  progress.opened("store");
  const config = scope.use(
    await openConfig({
      path: options.configPath ?? configPathOf(env, stateDir),
      store,
      clock,
      logger,
      redactor,
      env,
      schemas,
    }),
    "configuration",
  );
  progress.opened("configuration");
  const current = () => config.current().config;
  return {
    options,
    scope,
    env,
    clock,
    stateDir,
    facts,
    progress,
    redactor,
    logFile,
    logger,
    store,
    config,
    current,
  };
}
