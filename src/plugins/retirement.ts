import type { CleanupReason } from "../contracts/capabilities.ts";
import type { Clock } from "../kernel/clock.ts";
import { withDeadline } from "../kernel/deadline.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Findings } from "./findings.ts";
import { CLEANUP_LIMIT_MS } from "./loading/instance.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import { settledItems } from "./registry/settle.ts";

const CLEANED_KINDS = new Set(["sessionExtension", "runtimeLifecycle", "sessionSchedulerJob"]);

export interface CleanupTarget {
  readonly sessionKey?: string;
  readonly runId?: string;
}

export interface RetirementOptions {
  readonly clock: Clock;
  readonly findings: Findings;
  /** Aborts when the gateway stops: calls in flight are not waited for any longer. */
  readonly stopping: AbortSignal;
  /** The full form of a session key; plugins may use short ones. */
  canonicalSessionKey(sessionKey: string): string;
  /** Removes what the plugin left with the host, after its own callbacks ran. */
  afterCallbacks(pluginId: string, reason: CleanupReason): Promise<void>;
}

/** Ends instances of plugins: no new calls, calls in flight drained, callbacks run, resources closed. */
export class Retirement {
  readonly #options: RetirementOptions;

  constructor(options: RetirementOptions) {
    this.#options = options;
  }

  /** Newest first. Failures are findings, never errors. */
  async retire(plugins: readonly LoadedPlugin[], reason: CleanupReason, drainMs?: number): Promise<void> {
    for (const plugin of [...plugins].reverse()) await this.#retireOne(plugin, reason, drainMs);
  }

  /** Calls a plugin's clean-up callbacks for a session or run that ended, or for the whole plugin. */
  async cleanUp(
    { draft, ...plugin }: LoadedPlugin,
    reason: CleanupReason,
    target: CleanupTarget,
  ): Promise<void> {
    for (const { row, value, keys } of settledItems(draft)) {
      if (!CLEANED_KINDS.has(row.kind)) continue;
      const [jobId] = keys;
      const { sessionKey = "" } = value as { sessionKey?: string };
      const isJob = row.kind === "sessionSchedulerJob";
      if (isJob && target.sessionKey !== undefined && !this.#isOf(target.sessionKey, sessionKey)) continue;
      const context = { reason, ...target, ...(isJob ? { sessionKey, jobId } : {}) };
      await this.#call(plugin, value, "cleanup", context);
    }
  }

  #isOf(session: string, named: string): boolean {
    return named === session || this.#options.canonicalSessionKey(named) === session;
  }

  async #retireOne(plugin: LoadedPlugin, reason: CleanupReason, drainMs: number | undefined): Promise<void> {
    const { instance } = plugin;
    const { clock, findings, stopping } = this.#options;
    const { pluginId } = instance;
    instance.fence();
    // A gateway that stops has already given calls their time; what it cuts off is no finding.
    const idle = await instance.drained(clock, drainMs, stopping);
    if (!idle && !stopping.aborted) {
      const message = `${instance.activeCalls} call(s) were still running when it was retired`;
      findings.report(pluginId, "drain-timeout", message);
    }
    // Elsewhere than in a gateway nothing came to life that a change of the host's state concerns.
    if (plugin.mode === "full") await this.cleanUp(plugin, reason, {});
    await this.#close(plugin, () => this.#options.afterCallbacks(pluginId, reason));
  }

  /** Lets go of an instance that was made to be looked at. */
  async release(plugin: LoadedPlugin): Promise<void> {
    plugin.instance.fence();
    await this.#close(plugin, async () => {});
  }

  async #close(plugin: LoadedPlugin, afterCallbacks: () => Promise<void>): Promise<void> {
    const { instance, draft } = plugin;
    const { findings } = this.#options;
    const { pluginId } = instance;
    for (const { row, value } of settledItems(draft)) {
      if (row.kind === "runtimeLifecycle") await this.#call(plugin, value, "dispose");
    }
    await afterCallbacks();
    await instance.scope.dispose().catch((error: unknown) => {
      const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
      for (const one of errors) findings.report(pluginId, "cleanup-failed", errorMessage(one));
    });
  }

  async #call(
    { instance }: Pick<LoadedPlugin, "instance">,
    value: unknown,
    method: "cleanup" | "dispose",
    context?: object,
  ): Promise<void> {
    const run = (value as Record<string, ((context?: object) => unknown) | undefined>)[method];
    if (!run) return;
    const { clock, findings } = this.#options;
    const label = `${method} of plugin "${instance.pluginId}"`;
    try {
      const work = Promise.resolve(instance.runCleanup(() => run(context)));
      await withDeadline(work, CLEANUP_LIMIT_MS, label, clock);
    } catch (error) {
      findings.report(instance.pluginId, "cleanup-failed", `${label}: ${errorMessage(error)}`);
    }
  }
}
