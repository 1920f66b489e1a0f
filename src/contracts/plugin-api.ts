import type { NodeHostCommand, ReloadRegistration } from "./capabilities.ts";
import type { HookHandler, HookName, HookOptions } from "./hooks.ts";
import type { PluginKind } from "./manifest.ts";
import type { ChannelsApi } from "./plugin-api/channels.ts";
import type { GatewayApi } from "./plugin-api/gateway.ts";
import type { HostingApi } from "./plugin-api/hosting.ts";
import type { LifecycleApi } from "./plugin-api/lifecycle.ts";
import type { MediaApi } from "./plugin-api/media.ts";
import type { MemoryApi } from "./plugin-api/memory.ts";
import type { ModelsApi } from "./plugin-api/models.ts";
import type { AgentEventsApi, RunContextApi } from "./plugin-api/runs.ts";
import type { SessionControlsApi, SessionStateApi, SessionWorkflowApi } from "./plugin-api/sessions.ts";
import type { ToolsApi } from "./plugin-api/tools.ts";
import type { PluginLogger } from "./registrations.ts";
import type { PluginRuntime } from "./runtime.ts";

export type * from "./plugin-api/channels.ts";
export type * from "./plugin-api/gateway.ts";
export type * from "./plugin-api/hosting.ts";
export type * from "./plugin-api/lifecycle.ts";
export type * from "./plugin-api/media.ts";
export type * from "./plugin-api/memory.ts";
export type * from "./plugin-api/models.ts";
export type * from "./plugin-api/runs.ts";
export type * from "./plugin-api/sessions.ts";
export type * from "./plugin-api/tools.ts";

/**
 * Why a plugin is being loaded (spec 2.12). Methods that are not active in a mode exist and do nothing.
 */
export type PluginRegistrationMode =
  | "full"
  | "discovery"
  | "tool-discovery"
  | "setup-only"
  | "setup-runtime"
  | "cli-metadata";

/**
 * The object handed to `register(api)` (spec 3). Every `register*` only stores; none starts work. What can be
 * registered stands in the folder beside this file, by theme.
 */
export interface PluginApi
  extends SessionStateApi,
    SessionWorkflowApi,
    SessionControlsApi,
    AgentEventsApi,
    RunContextApi,
    ChannelsApi,
    ModelsApi,
    MediaApi,
    ToolsApi,
    GatewayApi,
    HostingApi,
    MemoryApi,
    Pick<LifecycleApi, "registerRuntimeLifecycle"> {
  /** The plugin's id, as in its manifest. */
  readonly id: string;
  /** Its name for people. */
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** The entry file that was loaded. Absolute. */
  readonly source: string;
  readonly runtimeSource?: string;
  /** The plugin's folder. Absolute. */
  readonly rootDir?: string;
  /** Why the plugin is being loaded; `full` in a running gateway. */
  readonly registrationMode: PluginRegistrationMode;
  /** The active configuration snapshot. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `plugins.entries.<id>.config` after validation, defaults and secret resolution. */
  readonly pluginConfig?: Readonly<Record<string, unknown>>;
  /**
   * What the gateway does for plugins: `config`, `state`, `agent`, `channel`, `tasks`… To be kept for later;
   * while registering only `version`, `logging` and `state.resolveStateDir` answer.
   */
  readonly runtime: PluginRuntime;
  /** Lines of the gateway's log that carry the plugin's id; secrets are blacked out. */
  readonly logger: PluginLogger;
  /** Absolute and `~` paths as a user writes them; anything else relative to the plugin's folder. */
  resolvePath(input: string): string;

  /**
   * Listens to a typed lifecycle hook; the names and their rules are in docs/plugins/hooks.md. Higher
   * `priority` runs first.
   * @example
   * api.on("message_received", (event) => api.logger.info(`from ${event.from}`));
   */
  on<Name extends HookName>(hook: Name, handler: HookHandler<Name>, options?: HookOptions): void;

  /** The session registrations, grouped. */
  readonly session: {
    readonly state: SessionStateApi;
    readonly workflow: SessionWorkflowApi;
    readonly controls: SessionControlsApi;
  };
  /** Events of agent runs. */
  readonly agent: { readonly events: AgentEventsApi };
  /** Values that live as long as one run. */
  readonly runContext: RunContextApi;
  /** The end of this instance of the plugin: what to release, and when. */
  readonly lifecycle: LifecycleApi;
}

/** The ecosystem's names for the same types. */
export type OpenClawPluginApi = PluginApi;
export type OmeniaClawPluginApi = PluginApi;

/** What an entry module exports (spec 2.11.2). `activate` is an older name of `register`. */
export interface PluginDefinition {
  id?: string;
  name?: string;
  description?: string;
  version?: string;
  kind?: PluginKind | PluginKind[];
  configSchema?: unknown;
  reload?: ReloadRegistration;
  nodeHostCommands?: NodeHostCommand[];
  securityAuditCollectors?: ((context: never) => unknown)[];
  /** Must be synchronous; a promise fails the plugin. */
  register?(api: PluginApi): void;
  activate?(api: PluginApi): void;
}

export type OpenClawPluginDefinition = PluginDefinition;
