import type {
  ChannelAccountSnapshot,
  ChannelConfig,
  ChannelGatewayContext,
  ChannelPlugin,
} from "../../contracts/channel.ts";
import type { ChannelRuntime } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { gatewayContext } from "./gateway-context.ts";
import { readAccount } from "./read-account.ts";

export const RESTART_MIN_MS = 5_000;
export const RESTART_MAX_MS = 300_000;
export const MAX_RESTARTS = 10;
/** A run at least this long clears the count of failures. */
export const STABLE_RUN_MS = RESTART_MAX_MS;
/** How long a stopping account is waited for. */
export const STOP_LIMIT_MS = 5_000;
/** How long others wait for a plugin to say whether an account is configured; the account waits on by itself. */
export const CONFIGURED_WAIT_MS = 5_000;
/** An older webhook plugin's `startAccount` resolves within this time and the account runs on. */
export const PASSIVE_START_MS = 2_000;

export interface SupervisorParts {
  clock: Clock;
  logger: Logger;
  config(): ChannelConfig;
  runtime: ChannelRuntime | undefined;
  /** Whether the plugin owns HTTP routes, through which a passive account is reached. */
  hasRoutes(plugin: ChannelPlugin): boolean;
  random(): number;
  /** The snapshot changed. */
  onChange(channel: string, snapshot: ChannelAccountSnapshot): void;
}

/** Runs one account of one channel: start, restart with back-off, stop (spec 1.12). */
export class AccountSupervisor implements Disposable {
  readonly accountId: string;
  readonly #plugin: ChannelPlugin;
  readonly #parts: SupervisorParts;
  readonly #logger: Logger;
  #snapshot: ChannelAccountSnapshot;
  #abort: AbortController | undefined;
  #run: Promise<void> | undefined;
  #context: ChannelGatewayContext | undefined;
  #restart: Disposable | undefined;
  #failures = 0;
  #wanted = false;
  #generation = 0;

  constructor(plugin: ChannelPlugin, accountId: string, parts: SupervisorParts) {
    this.accountId = accountId;
    this.#plugin = plugin;
    this.#parts = parts;
    this.#logger = parts.logger.child(`channel ${plugin.id}/${accountId}`);
    this.#snapshot = { accountId, running: false, lifecycle: "stopped" };
  }

  get snapshot(): ChannelAccountSnapshot {
    return this.#snapshot;
  }

  /** Aborts when the running attempt stops; `undefined` while nothing runs. */
  get signal(): AbortSignal | undefined {
    return this.#abort?.signal;
  }

  /** True when a message can be handed to the account now. */
  get ready(): boolean {
    return this.#snapshot.running === true && this.#snapshot.connected !== false;
  }

  /**
   * Starts the account unless it runs. Resolves when the plugin's function has been called or refused, or when
   * the plugin takes too long to read its settings: no account holds up the start of the others.
   */
  async start(): Promise<void> {
    if (this.#run) return;
    this.#wanted = true;
    this.#failures = 0;
    const generation = this.#generation;
    const waiting = new AbortController();
    const late = this.#parts.clock.sleep(CONFIGURED_WAIT_MS, waiting.signal).then(
      () => {
        if (generation !== this.#generation) return;
        this.#merge({
          running: false,
          lifecycle: "starting",
          lastError: "the plugin is still reading its settings",
        });
        this.#logger.warn("the plugin takes long to say whether the account is configured", {
          waitedMs: CONFIGURED_WAIT_MS,
        });
      },
      () => {},
    );
    await Promise.race([this.#begin(), late]);
    waiting.abort();
  }

  /** Stops the account; it stays stopped until `start`. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#generation += 1;
    void this.#restart?.dispose();
    this.#restart = undefined;
    await this.#end();
    this.#merge({ running: false, connected: false, lifecycle: "stopped", restartPending: false });
  }

  dispose(): Promise<void> {
    return this.stop();
  }

  note(fields: Partial<ChannelAccountSnapshot>): void {
    Object.assign(this.#snapshot, fields);
  }

  async #begin(): Promise<void> {
    const { clock } = this.#parts;
    const generation = this.#generation;
    const cfg = this.#parts.config();
    let account: unknown;
    try {
      const read = await readAccount(this.#plugin, this.accountId, cfg);
      if (generation !== this.#generation) return;
      if (read.refusal !== undefined) {
        this.#wanted = false;
        this.#merge({ ...read.refusal, running: false, lifecycle: "stopped" });
        return;
      }
      account = read.account;
    } catch (error) {
      this.#merge({ running: false, lifecycle: "blocked", lastError: errorMessage(error) });
      this.#logger.error("the account could not be read from the configuration", { error });
      return;
    }
    const startAccount = this.#plugin.gateway?.startAccount;
    const described = this.#plugin.config.describeAccount?.(account, cfg);
    if (!startAccount) {
      this.#merge({ ...described, enabled: true, configured: true, running: true, lifecycle: "ready" });
      return;
    }
    const abort = new AbortController();
    this.#abort = abort;
    const startedAt = clock.now();
    this.#merge({
      ...described,
      enabled: true,
      configured: true,
      running: true,
      restartPending: false,
      lifecycle: "starting",
      lastStartAt: startedAt,
      lastError: undefined,
    });
    const context = gatewayContext({
      cfg,
      accountId: this.accountId,
      account,
      abortSignal: abort.signal,
      logger: this.#logger,
      runtime: this.#parts.runtime,
      status: () => this.#snapshot,
      report: (fields) => this.#merge(arrived(fields, this.#snapshot)),
    });
    this.#context = context;
    this.#run = (async () => {
      try {
        await startAccount.call(this.#plugin.gateway, context);
        if (abort.signal.aborted) return;
        const quick = clock.now() - startedAt <= PASSIVE_START_MS;
        if (quick && this.#parts.hasRoutes(this.#plugin)) {
          this.#merge({ lifecycle: "ready" });
          return;
        }
        this.#ended(startedAt, "the connection ended");
      } catch (error) {
        if (!abort.signal.aborted) this.#ended(startedAt, errorMessage(error));
      }
    })();
  }

  #ended(startedAt: number, reason: string): void {
    const { clock } = this.#parts;
    this.#run = undefined;
    this.#abort?.abort(new Error(reason));
    this.#abort = undefined;
    const now = clock.now();
    if (now - startedAt >= STABLE_RUN_MS) this.#failures = 0;
    this.#failures += 1;
    const delay = restartDelayMs(this.#failures, this.#parts.random());
    const again = this.#wanted && this.#failures <= MAX_RESTARTS;
    this.#merge({
      running: false,
      connected: false,
      lifecycle: again ? "recovering" : "blocked",
      restartPending: again,
      reconnectAttempts: this.#failures,
      lastError: reason,
      lastStopAt: now,
    });
    if (!again) {
      this.#logger.error("the account failed too often and stays stopped until it is started by hand", {
        reason,
      });
      return;
    }
    this.#logger.warn("the account ended and is started again", {
      reason,
      delayMs: delay,
      attempt: this.#failures,
    });
    this.#restart = clock.after(delay, () => {
      this.#restart = undefined;
      if (this.#wanted && !this.#run) void this.#begin();
    });
  }

  async #end(): Promise<void> {
    const { clock } = this.#parts;
    const run = this.#run;
    const context = this.#context;
    this.#abort?.abort(new Error("the account is stopping"));
    this.#abort = undefined;
    this.#run = undefined;
    this.#context = undefined;
    if (!run) return;
    const stopping = (async () => {
      if (context) await this.#plugin.gateway?.stopAccount?.call(this.#plugin.gateway, context);
      await run;
    })();
    let late = false;
    const limit = new AbortController();
    await Promise.race([
      stopping.catch((error) => this.#logger.warn("stopping the account failed", { error })),
      clock.sleep(STOP_LIMIT_MS, limit.signal).then(
        () => {
          late = true;
        },
        () => {},
      ),
    ]);
    limit.abort();
    if (late)
      this.#logger.warn("the account did not stop in time and is left behind", { limitMs: STOP_LIMIT_MS });
    this.#merge({ lastStopAt: clock.now() });
  }

  #merge(fields: Partial<ChannelAccountSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...fields, accountId: this.accountId };
    if (this.#snapshot.lastError === undefined) delete this.#snapshot.lastError;
    this.#parts.onChange(this.#plugin.id, this.#snapshot);
  }
}

/** 5 s doubling to 5 min, with up to a tenth more. `random` in [0, 1). */
export function restartDelayMs(failures: number, random: number): number {
  const base = Math.min(RESTART_MIN_MS * 2 ** Math.max(0, failures - 1), RESTART_MAX_MS);
  return Math.round(base * (1 + random * 0.1));
}

/** Older plugins say that an account is connected, and nothing of where it is in its life: it is ready then. */
function arrived(
  fields: Partial<ChannelAccountSnapshot>,
  { lifecycle }: ChannelAccountSnapshot,
): Partial<ChannelAccountSnapshot> {
  const silent = fields.connected === true && fields.lifecycle === undefined;
  return silent && lifecycle === "starting" ? { ...fields, lifecycle: "ready" } : fields;
}
