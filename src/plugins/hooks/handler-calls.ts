import type { TrustedToolPolicy } from "../../contracts/capabilities.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isRecord } from "../../kernel/records.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import type { RegistryEntry } from "../types.ts";
import type { Fields, HookEntry } from "./handler-view.ts";
import type { HookRow } from "./table.ts";

const MAX_LOG_LENGTH = 500;

/** A policy with the time it has, which the operator decides. */
export type BoundPolicy = TrustedToolPolicy & { readonly timeoutMs?: number };

/** Keeps what a plugin does wrong with a hook for its report, and logs it. */
export type ReportMisuse = (pluginId: string, code: DiagnosticCode, message: string) => void;

/** What came of asking somebody. */
export type Answer = { result: unknown } | { failure: string };

/** Runs the code of handlers within their time; what goes wrong there is a log line and an answer. */
export class HandlerCalls {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #report: ReportMisuse;

  constructor(clock: Clock, logger: Logger, report: ReportMisuse) {
    this.#clock = clock;
    this.#logger = logger;
    this.#report = report;
  }

  call(entry: HookEntry, row: HookRow, event: object, context: object): Promise<Answer> {
    const { handler, timeoutMs } = entry.value;
    const label = `hook ${row.name} of plugin "${entry.pluginId}"`;
    // The context may hold functions, so it is copied one level deep; what it holds belongs to the host.
    return this.#within(entry, row.name, label, timeoutMs, () => handler(event, { ...context }));
  }

  policy(entry: RegistryEntry<BoundPolicy>, event: object, context: object): Promise<Answer> {
    const { evaluate, timeoutMs } = entry.value;
    const label = `policy "${entry.key}" of plugin "${entry.pluginId}"`;
    return this.#within(entry, "before_tool_call", label, timeoutMs || undefined, () =>
      evaluate(event as never, context as never),
    );
  }

  /** A handler that may not wait. `undefined` when it failed, waited, or returned nothing usable. */
  callSync(entry: HookEntry, event: Fields, context: object): Fields | undefined {
    try {
      const result = entry.value.handler(event, context);
      if (result instanceof Promise) {
        result.catch(() => {});
        const { hook } = entry.value;
        const message = `hook "${hook}" is synchronous; a handler returned a promise, which is ignored`;
        this.#report(entry.pluginId, "hook-async-result-ignored", message);
        return undefined;
      }
      return isRecord(result) ? result : undefined;
    } catch (error) {
      this.complain(entry, entry.value.hook, errorMessage(error));
      return undefined;
    }
  }

  complain(entry: RegistryEntry, hook: string, what: string): void {
    const line = `hook ${hook} of plugin "${entry.pluginId}": ${what}`
      .replace(/\s+/g, " ")
      .slice(0, MAX_LOG_LENGTH);
    this.#logger.warn(line, { pluginId: entry.pluginId, hook });
  }

  async #within(
    entry: RegistryEntry,
    hook: string,
    label: string,
    timeoutMs: number | undefined,
    run: () => unknown,
  ): Promise<Answer> {
    try {
      const work = Promise.resolve(run());
      return {
        result: await (timeoutMs === undefined ? work : withDeadline(work, timeoutMs, label, this.#clock)),
      };
    } catch (error) {
      // A gate's failure is told to models and people as the reason of the refusal.
      const failure = this.#logger.redact(errorMessage(error));
      this.complain(entry, hook, failure);
      return { failure };
    }
  }
}
