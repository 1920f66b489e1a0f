import { type Clock, systemClock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { RunningPrograms } from "../../kernel/running-programs.ts";
import { endReason, type Scope } from "../../kernel/scope.ts";
import { pluginScope } from "./plugin-scope.ts";

export type InstanceErrorCode = "PLUGIN_RETIRED";

/** How long calls in flight may go on after an instance was replaced (spec 2.19). */
export const DRAIN_LIMIT_MS = 60_000;

/** How long one clean-up callback may take (spec 2.19). */
export const CLEANUP_LIMIT_MS = 5_000;

/** A call that keeps everything else waiting this long is reported. */
export const LOOP_HOLD_LIMIT_MS = 250;

/** Makes a registration that can be taken back; a text says why it was refused. */
export type RegisterLater = (method: string, args: readonly unknown[]) => Disposable | string;

/** Told about plugin code that held the event loop. */
export interface LoopWatch {
  monotonic(): number;
  onHeld(pluginId: string, milliseconds: number): void;
}

/**
 * One loaded copy of a plugin. Every function it handed over runs through {@link PluginInstance.run}, so that
 * the host knows what is still in flight and refuses calls after retirement. Its scope owns all it acquired.
 */
export class PluginInstance {
  readonly pluginId: string;
  /** Changes with every load of the plugin. */
  readonly generation: number;
  readonly scope: Scope;
  /** What it runs through the host. First in the scope, so that it closes last: to close may take a program too. */
  readonly programs: RunningPrograms;
  /** For parts of the SDK that open and close while the plugin runs; there once it registers. */
  registerLater: RegisterLater | undefined;
  /** Registered only to see what it registers; what it keeps must not outlive the look. */
  readonly inspection: boolean;
  #active = 0;
  #fenced = false;
  #idle: (() => void)[] = [];
  readonly #fence = new AbortController();
  readonly #watch: LoopWatch | undefined;
  readonly #clock: Clock;

  constructor(
    pluginId: string,
    generation: number,
    parent: Scope,
    options: { watch?: LoopWatch; inspection?: boolean; clock?: Clock } = {},
  ) {
    const { watch, inspection = false, clock = systemClock } = options;
    this.#clock = clock;
    this.pluginId = pluginId;
    this.generation = generation;
    this.#watch = watch;
    this.inspection = inspection;
    this.scope = parent.child(`plugin ${pluginId}#${generation}`);
    this.programs = this.scope.use(new RunningPrograms(`plugin "${pluginId}"`), "programs it runs");
  }

  /** Aborts when the instance is being retired, before its resources are closed. */
  get signal(): AbortSignal {
    return this.#fence.signal;
  }

  get retired(): boolean {
    return this.#fenced;
  }

  get activeCalls(): number {
    return this.#active;
  }

  /**
   * Calls `work` inside the instance's scope. What the plugin itself still has in flight goes on while it is
   * being retired. What is `lasting` runs until something stops it, so retirement does not wait for it.
   *
   * @throws SluiceError `PLUGIN_RETIRED`
   */
  run<T>(work: () => T, kind: "passing" | "lasting" = "passing"): T {
    this.#assertMayRun();
    return this.#enter(work, kind === "lasting");
  }

  /**
   * The same until `work` returns. For the import and the registration of bundled plugins, which start nothing:
   * a gateway that runs no others pays nothing for following what they start.
   *
   * @throws SluiceError `PLUGIN_RETIRED`
   */
  runNow<T>(work: () => T): T {
    this.#assertMayRun();
    return this.#enter(work, false, "now");
  }

  /** Like {@link PluginInstance.run}, also while retiring: stop functions and clean-up callbacks. */
  runCleanup<T>(work: () => T): T {
    return this.#enter(work);
  }

  #assertMayRun(): void {
    if (!this.#fenced || pluginScope().getStore() === this) return;
    throw new SluiceError<InstanceErrorCode>(
      "PLUGIN_RETIRED",
      `plugin "${this.pluginId}" was reloaded or disabled; ask the registry again`,
      { retryable: true, details: { pluginId: this.pluginId } },
    );
  }

  /** Closes something of the plugin's when the instance's scope does; the rest waits {@link CLEANUP_LIMIT_MS} for it. */
  closeWith(release: () => unknown, label: string): Disposable {
    const close = () => {
      const closing = Promise.resolve(this.runCleanup(release));
      return withDeadline(closing, CLEANUP_LIMIT_MS, `${label} of plugin "${this.pluginId}"`, this.#clock);
    };
    return this.scope.defer(async () => void (await close()), label);
  }

  #enter<T>(work: () => T, lasting = false, until: "now" | "all" = "all"): T {
    this.#active++;
    const outermost = this.#watch && pluginScope().getStore() !== this ? this.#watch : undefined;
    const startedAt = outermost?.monotonic() ?? 0;
    let result: T;
    try {
      const scope = pluginScope();
      result = until === "now" ? scope.runNow(this, work) : scope.run(this, work);
    } catch (error) {
      this.#leave();
      throw error;
    } finally {
      const held = outermost ? outermost.monotonic() - startedAt : 0;
      if (held >= LOOP_HOLD_LIMIT_MS) outermost?.onHeld(this.pluginId, held);
    }
    if (lasting) this.#leave();
    else this.#leaveWith(result);
    return result;
  }

  /** A call is over when its promise settles; whatever else a plugin returns may be hostile to being looked at. */
  #leaveWith(result: unknown): void {
    let left = false;
    const leave = () => {
      if (!left) this.#leave();
      left = true;
    };
    try {
      if (isPromise(result)) result.then(leave, leave);
      else leave();
    } catch {
      leave();
    }
  }

  /** Refuses new calls and aborts `signal`. */
  fence(): void {
    if (this.#fenced) return;
    this.#fenced = true;
    // The code of a plugin outlives it in Node, and holds its instance: it must not hold what was registered.
    this.registerLater = undefined;
    this.#fence.abort(endReason(`plugin "${this.pluginId}" is being retired`));
  }

  /** Waits until no call is in flight, at most `limitMs` or until `cut`. False when calls still are. */
  async drained(clock: Clock, limitMs = DRAIN_LIMIT_MS, cut?: AbortSignal): Promise<boolean> {
    if (this.#active === 0 || limitMs <= 0 || cut?.aborted) return this.#active === 0;
    return new Promise((resolve) => {
      const end = (idle: boolean) => {
        void timer.dispose();
        cut?.removeEventListener("abort", stop);
        resolve(idle);
      };
      const stop = () => end(false);
      const timer = clock.after(limitMs, stop);
      cut?.addEventListener("abort", stop, { once: true });
      this.#idle.push(() => end(true));
    });
  }

  #leave(): void {
    if (--this.#active > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const wake of waiting) wake();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}
