import type { PluginRuntime } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RunningPrograms } from "../../kernel/running-programs.ts";
import type { Scope } from "../../kernel/scope.ts";
import type { WorkflowServices } from "../api/workflow.ts";
import type { Registrant } from "../registry/row.ts";
import type { Leftovers } from "../watchdog/leftovers.ts";
import type { Surroundings } from "../watchdog/surroundings.ts";
import type { LoopWatch, PluginInstance } from "./instance.ts";
import type { ModuleLoader } from "./load-module.ts";
import type { LoadTrace } from "./load-trace.ts";

/** What `api.runtime` is made for. */
export interface RuntimeOwner {
  readonly pluginId: string;
  readonly pluginName: string;
  readonly origin: Registrant["origin"];
  readonly rootDir: string;
  /** Owns what the runtime acquires for this instance. */
  readonly scope: Scope;
  /** The programs it runs; they end with the scope. */
  readonly programs: RunningPrograms;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What the host gives every load. */
export interface LoadEnvironment {
  readonly clock: Clock;
  readonly loader: ModuleLoader;
  readonly logger: Logger;
  readonly parent: Scope;
  readonly workflow: WorkflowServices;
  readonly watch: LoopWatch;
  readonly trace: LoadTrace;
  /** Aborts when the gateway stops: no import begins any more, and nobody waits for one that goes on. */
  readonly stopping?: AbortSignal;
  /** Looks after a process that belongs to one gateway; see {@link Surroundings}. */
  readonly surroundings?: Surroundings | undefined;
  /** Closes what an instance leaves open; see {@link Leftovers}. */
  readonly leftovers?: Leftovers | undefined;
  config(): Readonly<Record<string, unknown>>;
  runtimeFor(pluginId: string, owner: RuntimeOwner): PluginRuntime;
  /** What a plugin gets that is only looked at; it answers questions and has no effects. */
  runtimeForInspection(): PluginRuntime;
  onLateRegistration(instance: PluginInstance): void;
}
