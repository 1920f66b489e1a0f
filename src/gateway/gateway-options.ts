import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { LogLevel } from "../kernel/logger.ts";
import type { GatewayServices } from "./services.ts";

export interface GatewayOptions {
  /** Default: `SLUICE_STATE_DIR`, else `~/.sluice`. */
  stateDir?: string;
  /** Default: `SLUICE_CONFIG_PATH`, else `sluice.json` in the state folder. */
  configPath?: string;
  /** 0 lets the system choose. Default: `SLUICE_GATEWAY_PORT`, the configuration, 18789. */
  port?: number;
  /** `loopback`, `lan` or an address. Default: the configuration, loopback. */
  bind?: string;
  /** Default: `SLUICE_GATEWAY_TOKEN`, the configuration, one made at the first start. */
  token?: string;
  /** Default: the process environment. */
  env?: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
  /** Lines below this level are not written. Default `info`. */
  logLevel?: LogLevel;
  /** Receives every log line besides the file. */
  onLog?(line: string): void;
  /** Node's own `import()`, where a test runner rewrites it. */
  importModule?(url: string): Promise<unknown>;
  /**
   * The process belongs to this gateway alone: errors of plugins that nobody caught do not end it, and a thread
   * watches who holds the event loop. Default false.
   */
  ownsProcess?: boolean;
  /** How long running turns may take to end when the gateway stops, in milliseconds. Default 10,000. */
  stopLimitMs?: number;
}

/** A gateway that listens and is ready. */
export interface RunningGateway extends Disposable {
  /** `ws://host:port` */
  readonly url: string;
  /** `http://host:port` */
  readonly httpUrl: string;
  readonly host: string;
  readonly port: number;
  /** What clients show; empty in mode `none`. */
  readonly token: string;
  readonly stateDir: string;
  readonly services: GatewayServices;
  /** Tells clients, lets running turns end, closes everything. */
  stop(reason: string): Promise<void>;
  dispose(): Promise<void>;
}
