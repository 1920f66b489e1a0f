import { join } from "node:path";
import type { PluginServiceContext } from "../contracts/registrations.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Findings } from "./findings.ts";
import type { PluginHostOptions } from "./host-options.ts";
import { serviceEvents } from "./service-events.ts";
import type { RegistryEntry } from "./types.ts";

/** What a background service of a plugin is started with; `signal` ends with the service. */
export function serviceContext(
  options: Pick<
    PluginHostOptions,
    "logger" | "workspaceDir" | "config" | "publishEvent" | "sessionChanges" | "stateDir"
  >,
  findings: Findings,
  entry: RegistryEntry,
  signal: AbortSignal,
): PluginServiceContext {
  const { pluginId } = entry;
  const { workspaceDir, config, publishEvent: publish, sessionChanges, stateDir } = options;
  const logger = options.logger.child(`plugin/${pluginId}/${entry.key}`);
  return {
    get config() {
      return config.current().config;
    },
    stateDir: join(stateDir, "plugins", encodeURIComponent(pluginId)),
    ...(workspaceDir ? { workspaceDir } : {}),
    logger,
    signal,
    ...(publish
      ? { gatewayEvents: serviceEvents({ pluginId, publish, sessionChanges, signal, logger }) }
      : {}),
    serviceHealth: {
      reportFailure: (error) => findings.report(pluginId, "service-failed", errorMessage(error)),
      clearFailure: () => findings.clear(pluginId, "service-failed"),
    },
  };
}
