import type { RuntimeLifecycle } from "../capabilities.ts";

/** The end of sessions, runs and this instance of the plugin (spec 3.21). */
export interface LifecycleApi {
  /**
   * Clean-up of the plugin's own resources when a session is reset or deleted, and when the plugin is disabled
   * or reloaded.
   */
  registerRuntimeLifecycle(lifecycle: RuntimeLifecycle): void;
  /** Aborts when this instance of the plugin retires. */
  readonly signal: AbortSignal;
  /** Runs `release` when this instance retires; returns an unsubscribe function. */
  onDispose(release: () => void | Promise<void>): () => void;
}
