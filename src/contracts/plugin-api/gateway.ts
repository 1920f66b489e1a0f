import type { NodeHostCommand, NodeInvokePolicy } from "../capabilities.ts";
import type {
  CliOptions,
  CliRegistrar,
  GatewayDiscoveryService,
  GatewayMethodHandler,
  GatewayMethodOptions,
  LegacyHookEvent,
  LegacyHookOptions,
  PluginHttpRoute,
  PluginService,
} from "../registrations.ts";

/** Ways into the gateway, its command line, nodes, and work that runs with it (spec 3.6 – 3.11). */
export interface GatewayApi {
  /** Listens to colon events such as `command:new`. Typed hooks (`api.on`) know more. */
  registerHook(
    events: string | string[],
    handler: (event: LegacyHookEvent) => unknown,
    options?: LegacyHookOptions,
  ): void;
  /**
   * An endpoint on the gateway's port. `auth: "gateway"` asks for the gateway's token; with `"plugin"` the
   * handler checks every request itself.
   */
  registerHttpRoute(route: PluginHttpRoute): void;
  /** A method of the gateway's RPC; without `scope` it needs `operator.admin`. */
  registerGatewayMethod(name: string, handler: GatewayMethodHandler, options?: GatewayMethodOptions): void;
  /** A further requirement on authenticated persons. Accepted and shown; not used yet. */
  registerGatewayAccessPolicy(policy: { authorize(context: unknown): unknown }): void;
  /** Announces the gateway on the local network; a hint for routing, never authentication. */
  registerGatewayDiscoveryService(service: GatewayDiscoveryService): void;
  /**
   * Commands of `sluice`. `descriptors` and `cliCommands` of the manifest name them, so that help needs no code.
   */
  registerCli(registrar: CliRegistrar, options?: CliOptions): void;
  /** Commands below `nodes`, for features of paired nodes. */
  registerNodeCliFeature(registrar: CliRegistrar, options?: Omit<CliOptions, "parentPath">): void;
  /** A command this machine answers when it runs as a node. Accepted and shown; not used yet. */
  registerNodeHostCommand<Value extends NodeHostCommand>(command: Value): void;
  /** Decides in the gateway whether a command may be forwarded to a node. Accepted and shown; not used yet. */
  registerNodeInvokePolicy<Value extends NodeInvokePolicy>(policy: Value): void;
  /**
   * Background work: `start` runs when the gateway serves, `stop` when it ends or the plugin goes. The place
   * for timers, sockets and connections.
   */
  registerService(service: PluginService): void;
}
