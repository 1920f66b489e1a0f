import type { ChannelRuntime } from "../channel-runtime.ts";
import type { ChannelAccountSnapshot, ChannelConfig } from "./values.ts";

/** Accounts: their configuration, their running and their state (spec 1.4, 1.12, 1.13). */

/** Reads a channel's accounts out of the configuration (spec 1.4). */
export interface ChannelConfigAdapter<Account = unknown> {
  listAccountIds(cfg: ChannelConfig): string[];
  resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
  inspectAccount?(cfg: ChannelConfig, accountId?: string | null): unknown;
  defaultAccountId?(cfg: ChannelConfig): string;
  isEnabled?(account: Account, cfg: ChannelConfig): boolean;
  disabledReason?(account: Account, cfg: ChannelConfig): string;
  isConfigured?(account: Account, cfg: ChannelConfig): boolean | Promise<boolean>;
  unconfiguredReason?(account: Account, cfg: ChannelConfig): string;
  describeAccount?(account: Account, cfg: ChannelConfig): ChannelAccountSnapshot;
  resolveAllowFrom?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
  }): (string | number)[] | undefined;
  formatAllowFrom?(params: {
    cfg: ChannelConfig;
    accountId?: string | null;
    allowFrom: (string | number)[];
  }): string[];
  resolveDefaultTo?(params: { cfg: ChannelConfig; accountId?: string | null }): string | undefined;
  [member: string]: unknown;
}

/** Lines of the gateway's log, for one account. */
export interface ChannelLogSink {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  debug?(message: string): void;
}

/** What a running account is given (spec 1.12). */
export interface ChannelGatewayContext<Account = unknown> {
  cfg: ChannelConfig;
  accountId: string;
  account: Account;
  runtime: { log(message: string): void; error(message: string): void; exit(code: number): void };
  abortSignal: AbortSignal;
  log?: ChannelLogSink;
  getStatus(): ChannelAccountSnapshot;
  /** Merges into the account's snapshot. */
  setStatus(next: Partial<ChannelAccountSnapshot>): void;
  channelRuntime?: ChannelRuntime;
}

/** Runs accounts (spec 1.12). */
export interface ChannelGatewayAdapter<Account = unknown> {
  /** Pending while the account runs; ends when `abortSignal` aborts (spec 1.12). */
  startAccount?(context: ChannelGatewayContext<Account>): Promise<unknown>;
  stopAccount?(context: ChannelGatewayContext<Account>): Promise<void>;
  [member: string]: unknown;
}

/** Looks at an account when an operator asks (spec 1.13). */
export interface ChannelStatusAdapter<Account = unknown> {
  probeAccount?(params: { account: Account; timeoutMs: number; cfg: ChannelConfig }): Promise<unknown>;
  buildAccountSnapshot?(params: object): ChannelAccountSnapshot;
  [member: string]: unknown;
}
