import type { LegacyHookEvent } from "../contracts/registrations.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { ActivationTrigger } from "./activation/planner.ts";
import type { DiagnosticCode } from "./diagnostic-codes.ts";

/** One contribution of one plugin, immutable. `kind` names a row of the registry table. */
export interface RegistryEntry<T = unknown> {
  readonly kind: string;
  /** Key within the kind; see the table for its scope (global or per plugin). */
  readonly key: string;
  readonly pluginId: string;
  readonly pluginName: string;
  readonly source: string;
  readonly rootDir: string;
  /** Where its plugin was found; bundled plugins are trusted more (spec 5). */
  readonly origin?: PluginOrigin;
  readonly value: T;
  /** Registration order within its plugin. Across plugins lists are in load order. */
  readonly ordinal: number;
}

/** Everything that is registered at one moment. Replaced in one assignment, never changed. */
export interface RegistryGeneration {
  readonly id: number;
  list<T = unknown>(kind: string): readonly RegistryEntry<T>[];
  /** The global owner of a key, or a plugin's own entry when `pluginId` is given. */
  get<T = unknown>(kind: string, key: string, pluginId?: string): RegistryEntry<T> | undefined;
  ofPlugin(pluginId: string): readonly RegistryEntry[];
}

/** The face of the registry that the floors above read. */
export interface RegistryReader {
  current(): RegistryGeneration;
  onChange(listener: (next: RegistryGeneration, previous: RegistryGeneration) => void): Disposable;
}

/**
 * Loads the enabled plugins that something the gateway is about to need concerns, if they wait for it. To be
 * awaited before the registry is read; cheap when there is nothing to load.
 */
export type ActivatePlugins = (trigger: ActivationTrigger) => Promise<void>;

/** Runs typed hooks (`api.on`) according to the hook table: order, merge, timeout, failure policy. */
export interface HookRunner {
  /** True when somebody listens; guards building a payload on hot paths. */
  has(hook: string): boolean;
  /**
   * Runs a hook and returns its merged result: the modified payload fields (modify), the claiming result
   * (claim), the decision (gate), or `undefined` (observe, or nobody decided).
   */
  run<Result = unknown>(hook: string, event: object, context: object): Promise<Result | undefined>;
  /** For the hooks of kind `sync`. */
  runSync<Result = unknown>(hook: string, event: object, context: object): Result | undefined;
  /**
   * Tells a colon event to `api.registerHook` handlers and resolves with the reply texts they left
   * (spec 3.6). What one of them changes in the event's `context`, the next and the caller see. Colon events that
   * go with a typed hook are told by `run`.
   */
  announce(
    event: Omit<LegacyHookEvent, "messages" | "timestamp"> & { timestamp?: Date },
  ): Promise<readonly string[]>;
}

export interface PluginDiagnostic {
  level: "error" | "warn" | "info";
  /** Stable, kebab-case. */
  code: DiagnosticCode;
  message: string;
  pluginId?: string;
  source?: string;
}

/** Where a plugin was found. */
export type PluginOrigin = "bundled" | "config" | "global" | "workspace";

export type PluginStatus = "loaded" | "disabled" | "error";

/** The host's row for one plugin. */
export interface PluginRecord {
  readonly id: string;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly origin: PluginOrigin;
  readonly rootDir: string;
  readonly source: string;
  readonly status: PluginStatus;
  /** Why it is in this state, for people. */
  readonly reason: string;
  readonly error?: string;
  /** Where loading failed. */
  readonly failurePhase?: "validation" | "load" | "register";
  /** Whether its code is running; an enabled plugin may wait for its first use. */
  readonly imported?: boolean;
  /** The operator's own configuration turned it on; trusted kinds need that. */
  readonly explicitlyEnabled?: boolean;
  readonly diagnostics: readonly PluginDiagnostic[];
}
