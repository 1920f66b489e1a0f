import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import type { PluginRuntime } from "../contracts/runtime.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { Logger } from "../kernel/logger.ts";
import type { WorkflowServices } from "./api/workflow.ts";
import type { PluginRoots } from "./discovery/discover.ts";
import type { RuntimeOwner } from "./loading/load-environment.ts";
import type { CoreNames } from "./registry/compose.ts";
import type { PluginEventSink, SessionChangeSource } from "./service-events.ts";

export type PluginHostErrorCode =
  | "PLUGIN_UNKNOWN"
  | "PLUGIN_DISABLED"
  | "PLUGIN_LOAD_GIVEN_UP"
  | "PLUGIN_HOST_CLOSED";

/** The part of the configuration service that the host needs. */
export interface HostConfig {
  current(): {
    readonly config: Readonly<Record<string, unknown>>;
    readonly source: Readonly<Record<string, unknown>>;
  };
  onChange(listener: () => void): Disposable;
}

export interface PluginHostOptions {
  readonly config: HostConfig;
  readonly roots: PluginRoots;
  /** `<packageRoot>/dist/plugin-sdk`. */
  readonly sdkFolder: string;
  readonly stateDir: string;
  readonly workspaceDir?: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Builds `api.runtime` for one instance of a plugin, on its first use. */
  runtimeFor(pluginId: string, owner: RuntimeOwner): PluginRuntime;
  /** Names that belong to the gateway, by registry kind; plugins cannot take them. */
  readonly core?: CoreNames;
  readonly workflow?: WorkflowServices;
  /** Whether there is a key for a model provider, for inspecting; without it none is known. */
  hasAuth?(provider: string): boolean;
  /** Says whether loading is traced; see {@link LoadTrace}. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where events of plugin services go; without it services have no `gatewayEvents`. */
  readonly publishEvent?: PluginEventSink;
  /** Where services hear of sessions that changed; without it they hear of none. */
  readonly sessionChanges?: SessionChangeSource;
  /** Loads every plugin in this mode instead of the one that fits it; for processes that are no gateway. */
  readonly mode?: PluginRegistrationMode;
  /** Node's own `import()`, where a test runner rewrites it. */
  readonly importModule?: (url: string) => Promise<unknown>;
  /** The process belongs to this gateway alone: what plugins do to it is traced to them. */
  readonly process?: { readonly logFile: string };
}
