import type { Scope } from "../kernel/scope.ts";
import type { WorkflowServices } from "./api/workflow.ts";
import type { Findings } from "./findings.ts";
import type { PluginHostOptions } from "./host-options.ts";
import type { PluginInstance } from "./loading/instance.ts";
import type { LoadEnvironment } from "./loading/load-environment.ts";
import type { ModuleLoader } from "./loading/load-module.ts";
import type { LoadTrace } from "./loading/load-trace.ts";
import { offlineRuntime } from "./loading/offline-runtime.ts";
import type { ProcessGuards } from "./process-guards.ts";
import type { RunContexts } from "./run-contexts.ts";

interface EnvironmentParts {
  readonly options: PluginHostOptions;
  readonly loader: ModuleLoader;
  readonly trace: LoadTrace;
  /** Owns the instances. */
  readonly scope: Scope;
  readonly findings: Findings;
  readonly runs: RunContexts;
  readonly guards: ProcessGuards | undefined;
  readonly stopping: AbortSignal;
  onLateRegistration(instance: PluginInstance): void;
}

/** What a host gives every load, from what it was given itself. */
export function loadEnvironment(parts: EnvironmentParts): LoadEnvironment {
  const { options, loader, trace, scope, findings, runs, guards, stopping, onLateRegistration } = parts;
  const { clock, logger, config, stateDir, workflow, runtimeFor } = options;
  return {
    clock,
    loader,
    logger,
    parent: scope,
    workflow: withRunContexts(workflow ?? {}, runs),
    watch: {
      monotonic: () => clock.monotonic(),
      onHeld: (pluginId, ms) =>
        findings.report(pluginId, "event-loop-held", `held everything up for ${Math.round(ms)} ms`),
    },
    trace,
    stopping,
    surroundings: guards?.surroundings,
    leftovers: guards?.leftovers,
    config: () => config.current().config,
    runtimeFor: (pluginId, owner) => runtimeFor(pluginId, owner),
    runtimeForInspection: () => offlineRuntime({ config: () => config.current().config, stateDir }),
    onLateRegistration,
  };
}

/** Run contexts live in the host; the rest is what the rooms above provide. */
function withRunContexts(services: WorkflowServices, runs: RunContexts): WorkflowServices {
  return {
    ...services,
    setRunContext: (pluginId, params) => runs.set(pluginId, params),
    getRunContext: (pluginId, params) => runs.get(pluginId, params),
    clearRunContext: (pluginId, params) => runs.clear(pluginId, params),
  };
}
