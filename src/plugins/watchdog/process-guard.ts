import { inspect } from "node:util";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { pluginScope } from "../loading/plugin-scope.ts";
import { culpritIn, framesOf, type PluginRoot, stackOf } from "./culprit.ts";
import { isClaimedRejection } from "./rejection-handlers.ts";

export type ProcessGuardErrorCode = "PLUGIN_EXIT_REFUSED";

export interface ProcessGuardOptions {
  roots(): readonly PluginRoot[];
  report(pluginId: string, code: DiagnosticCode, message: string): void;
}

/**
 * Keeps the process of a gateway alive when a plugin throws where nobody can catch it (in a timer, in a
 * promise nobody awaits) or tries to end the process: the plugin is named instead. An error of the gateway's
 * own code still ends the process, as Node would; it goes on from the rows.
 */
export class ProcessGuard implements Disposable {
  readonly #options: ProcessGuardOptions;
  readonly #exit = process.exit;
  readonly #onThrown = (error: unknown) => this.#stray(error, "threw where nobody could catch it");
  readonly #onRejected = (error: unknown) => {
    if (!isClaimedRejection(error)) this.#stray(error, "rejected a promise that nobody awaited");
  };

  constructor(options: ProcessGuardOptions) {
    this.#options = options;
    process.on("uncaughtException", this.#onThrown);
    process.on("unhandledRejection", this.#onRejected);
    process.exit = (code) => this.#leave(code);
  }

  dispose(): void {
    process.off("uncaughtException", this.#onThrown);
    process.off("unhandledRejection", this.#onRejected);
    process.exit = this.#exit;
  }

  #stray(error: unknown, what: string): void {
    const running = pluginScope().getStore()?.pluginId;
    const pluginId = running ?? culpritIn(framesOf(stackOf(error)), this.#options.roots());
    if (pluginId !== undefined) {
      this.#options.report(pluginId, "uncaught-error", `${what}: ${errorMessage(error)}`);
      return;
    }
    process.stderr.write(`${inspect(error)}\n`);
    this.#exit.call(process, 1);
  }

  /** Judges by who asks right now: the gateway may well leave on behalf of a plugin's request. */
  #leave(code: Parameters<typeof process.exit>[0]): never {
    const pluginId = culpritIn(framesOf(new Error("exit").stack), this.#options.roots());
    if (pluginId === undefined) return this.#exit.call(process, code);
    this.#options.report(pluginId, "exit-refused", "tried to end the gateway's process");
    throw new SluiceError<ProcessGuardErrorCode>(
      "PLUGIN_EXIT_REFUSED",
      `plugin "${pluginId}" can not end the gateway; throw an error, or ask the operator to restart it`,
      { details: { pluginId } },
    );
  }
}
