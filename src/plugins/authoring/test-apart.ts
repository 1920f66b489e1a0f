import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { takeLastHold } from "../watchdog/loop-watchdog.ts";
import type { CheckResult } from "./check.ts";
import type { ContractMessage } from "./messages.ts";
import { OWN_TESTS_TIMEOUT_MS } from "./own-tests.ts";
import { type ContractReport, skippedAfter } from "./test-plugin.ts";

/** Longest time one check may take; an endless loop in the plugin ends there. */
export const CHECK_LIMIT_MS = 60_000;
/** What the plugin prints beyond this is not shown. */
export const MAX_SHOWN_OUTPUT_BYTES = 1_000_000;
/** How long the process may take to end when everything is said. */
const LEAVING_LIMIT_MS = 2_000;
const OWN_TESTS_GRACE_MS = 10_000;

export type ContractRunErrorCode = "CONTRACT_RUN_ABORTED";

export interface ApartOptions {
  /** A program that calls {@link serveContractRun} for `folder` and `stateDir`. */
  readonly program: { readonly command: string; readonly args: readonly string[] };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly stateDir: string;
  readonly clock: Clock;
  /** Default {@link CHECK_LIMIT_MS}; the author's own tests have a limit of their own. */
  readonly checkLimitMs?: number;
  readonly signal: AbortSignal;
  /** What the plugin prints, as it prints it. */
  onOutput(chunk: Buffer): void;
}

export interface ApartResult {
  readonly report: ContractReport;
  /** The check that was ended at its limit. */
  readonly timedOut?: string;
}

/**
 * Tries the contract in a process of its own, so that a plugin that never gives the event loop back, ends the
 * process or throws where nobody can catch it costs one check and not the command.
 *
 * @throws SluiceError as {@link testPlugin}, `CONTRACT_RUN_ABORTED` when `signal` aborts
 */
export function testPluginApart(options: ApartOptions): Promise<ApartResult> {
  return new ContractRun(options).result();
}

class ContractRun {
  readonly #options: ApartOptions;
  readonly #child: ChildProcess;
  readonly #checks: CheckResult[] = [];
  #plugin: Pick<ContractReport, "folder" | "pluginIds" | "version">;
  #running: Pick<CheckResult, "name" | "statement"> | undefined;
  #limit: Disposable | undefined;
  #limitMs = 0;
  #shown = 0;
  #timedOut: string | undefined;
  #report: ContractReport | undefined;
  #failure: SluiceError | undefined;

  constructor(options: ApartOptions) {
    this.#options = options;
    this.#plugin = { folder: options.folder, pluginIds: [] };
    const { program, env } = options;
    this.#child = spawn(program.command, [...program.args], {
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A group of its own: the author's tests end with it.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => this.#show(chunk));
    }
    this.#child.on("message", (message) => this.#hear(message as ContractMessage));
    this.#within(options.checkLimitMs ?? CHECK_LIMIT_MS);
  }

  async result(): Promise<ApartResult> {
    const { signal } = this.#options;
    const abort = () => {
      this.#failure ??= new SluiceError<ContractRunErrorCode>("CONTRACT_RUN_ABORTED", "the run was stopped");
      this.#end();
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      const how = await new Promise<string>((resolve, reject) => {
        this.#child.once("error", reject);
        this.#child.once("close", (status, by) => resolve(by ? `by ${by}` : `with status ${status}`));
      });
      return await this.#settled(how);
    } finally {
      signal.removeEventListener("abort", abort);
      await this.#limit?.dispose();
      this.#end();
    }
  }

  #hear(message: ContractMessage): void {
    if (message.kind === "found") this.#plugin = message.plugin;
    else if (message.kind === "started") this.#startCheck(message.check);
    else if (message.kind === "done") this.#checks.push(message.result);
    else if (message.kind === "report") this.#report = message.report;
    else if (message.kind === "failed") this.#failure = new SluiceError(message.code, message.message);
    if (this.#report || this.#failure) this.#within(LEAVING_LIMIT_MS);
  }

  #startCheck(check: Pick<CheckResult, "name" | "statement">): void {
    this.#running = check;
    const own = OWN_TESTS_TIMEOUT_MS + OWN_TESTS_GRACE_MS;
    this.#within(check.name === "own tests" ? own : (this.#options.checkLimitMs ?? CHECK_LIMIT_MS));
  }

  #within(limitMs: number): void {
    void this.#limit?.dispose();
    this.#limitMs = limitMs;
    this.#limit = this.#options.clock.after(limitMs, () => {
      if (!this.#report && !this.#failure) this.#timedOut = this.#running?.name ?? "start";
      this.#end();
    });
  }

  #show(chunk: Buffer): void {
    const room = MAX_SHOWN_OUTPUT_BYTES - this.#shown;
    this.#shown += chunk.length;
    if (room > 0) this.#options.onOutput(chunk.subarray(0, room));
  }

  /** Ends the process and what it started, by their group. */
  #end(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (process.platform === "win32") this.#child.kill("SIGKILL");
      else process.kill(-pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }

  async #settled(how: string): Promise<ApartResult> {
    if (this.#report) return { report: this.#report };
    if (this.#failure) throw this.#failure;
    const check = this.#running ?? { name: "start", statement: "its folder can be looked at" };
    const broken: CheckResult = { ...check, outcome: "failed", details: [await this.#reason(how)] };
    const checks = [
      ...this.#checks,
      broken,
      ...(this.#running ? skippedAfter(check.name, `"${check.name}" did not come to an end`) : []),
    ];
    return {
      report: { ...this.#plugin, ok: false, contributions: {}, checks },
      ...(this.#timedOut === undefined ? {} : { timedOut: this.#timedOut }),
    };
  }

  async #reason(how: string): Promise<string> {
    if (this.#timedOut === undefined) {
      return `its process ended ${how}: the plugin ends it, or throws where nobody can catch it`;
    }
    const hold = await takeLastHold(this.#options.stateDir);
    const limit = `it was ended after ${this.#limitMs / 1_000} s`;
    if (!hold) return `${limit}: something it waits for never comes`;
    return `${limit}: plugin "${hold.pluginId}" held the event loop in ${hold.place}`;
  }
}
