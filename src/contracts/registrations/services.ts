import type { Nothing } from "../hooks.ts";
import type { PluginLogger } from "./logger.ts";

/** A session was made, changed, used or deleted; without a key, any of them may have been. */
export interface SessionsChangedEvent {
  readonly sessionKey?: string;
  readonly agentId?: string;
  readonly sessionId?: string;
  /** What was done to it, for example `create`, `patch`, `reset`, `delete`, `plugin-patch`. */
  readonly reason?: string;
  /** Where its run is: `start`, `end`, `error`, `message`. */
  readonly phase?: string;
  readonly runId?: string;
  /** Milliseconds since 1970. */
  readonly ts?: number;
}

/** What a background service works with; `stateDir` is its own folder, `signal` aborts when it has to end. */
export interface PluginServiceContext {
  readonly config: Readonly<Record<string, unknown>>;
  readonly stateDir: string;
  readonly workspaceDir?: string;
  readonly logger: PluginLogger;
  readonly serviceHealth: { reportFailure(error: unknown): void; clearFailure(): void };
  readonly signal: AbortSignal;
  /**
   * Tells connected clients something as `plugin.<plugin id>.<event>`, and hears of sessions that changed; ends
   * with the service.
   */
  readonly gatewayEvents?: {
    emit(
      event: string,
      payload: object,
      options: { scope: "operator.read" | "operator.write" | "operator.admin" },
    ): void;
    /** Returns what ends the subscription. */
    onSessionsChanged(handler: (event: SessionsChangedEvent) => void): () => void;
  };
  [extra: string]: unknown;
}

/** A background service (spec 3.11). Stopped in reverse order, with 5 s to do so. */
export interface PluginService {
  id: string;
  start(context: PluginServiceContext): void | Promise<void>;
  stop?(context: PluginServiceContext): void | Promise<void>;
  reload?: { configPrefixes: string[] };
}

/** Facts about the running gateway. Hints for routing: never secrets, never authentication. */
export interface GatewayDiscoveryContext {
  readonly machineDisplayName: string;
  readonly gatewayPort: number;
  readonly gatewayTlsEnabled: boolean;
  readonly gatewayTlsFingerprintSha256?: string;
  readonly gatewayDirectReachable: boolean;
  readonly tailnetDns?: string;
  readonly sshPort?: number;
  readonly cliPath?: string;
  readonly minimal: boolean;
}

/** Announces the gateway on a network. What `advertise` returns is stopped with the gateway or the plugin. */
export interface GatewayDiscoveryService {
  id: string;
  advertise(
    context: GatewayDiscoveryContext,
  ): Nothing | { stop?(): void | Promise<void> } | Promise<Nothing | { stop?(): void | Promise<void> }>;
}
