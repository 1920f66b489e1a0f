import type { ChannelConfig, ChannelConfigAdapter } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID } from "../accounts/account-ids.ts";
import {
  channelSection,
  deleteAccountFromConfigSection,
  setAccountEnabledInConfigSection,
  withChannelSection,
} from "../setup/config-edits.ts";
import { normalizeStringEntries } from "../values/strings.ts";

interface AccessorParams {
  cfg: ChannelConfig;
  accountId?: string | null;
}

/** Turns `({ cfg, accountId })` into `(cfg, accountId)`. */
export function adaptScopedAccountAccessor<Result>(
  accessor: (params: AccessorParams) => Result,
): (cfg: ChannelConfig, accountId?: string | null) => Result {
  return (cfg, accountId) => accessor({ cfg, ...(accountId === undefined ? {} : { accountId }) });
}

interface AccessOptions<Account> {
  resolveAllowFrom(account: Account): Array<string | number> | null | undefined;
  formatAllowFrom(allowFrom: Array<string | number>): string[];
  resolveDefaultTo?(account: Account): string | number | null | undefined;
}

export interface ScopedConfigOptions<Account, Accessor = Account> extends AccessOptions<Accessor> {
  sectionKey: string;
  listAccountIds(cfg: ChannelConfig): string[];
  resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
  resolveAccessorAccount?(params: AccessorParams): Accessor;
  defaultAccountId(cfg: ChannelConfig): string;
  inspectAccount?(cfg: ChannelConfig, accountId?: string | null): unknown;
  /** Root fields that are removed with the default account. */
  clearBaseFields: readonly string[];
  /** Default true: the default account is switched at the channel's root. */
  allowTopLevel?: boolean;
}

function accessors<Account>(options: AccessOptions<Account>, resolve: (params: AccessorParams) => Account) {
  const { resolveDefaultTo } = options;
  return {
    resolveAllowFrom: (params: AccessorParams) =>
      options.resolveAllowFrom(resolve(params))?.map(String) ?? [],
    formatAllowFrom: ({ allowFrom }: { allowFrom: Array<string | number> }) =>
      options.formatAllowFrom(allowFrom),
    ...(resolveDefaultTo
      ? {
          resolveDefaultTo: (params: AccessorParams) => {
            const target = resolveDefaultTo(resolve(params));
            return target === null || target === undefined ? undefined : String(target).trim() || undefined;
          },
        }
      : {}),
  };
}

/** The config adapter of a channel with accounts at `channels.<sectionKey>` (spec 1.4). */
export function createScopedChannelConfigAdapter<Account, Accessor = Account>(
  options: ScopedConfigOptions<Account, Accessor>,
): ChannelConfigAdapter<Account> {
  const { sectionKey } = options;
  const resolve =
    options.resolveAccessorAccount ??
    ((params: AccessorParams) => options.resolveAccount(params.cfg, params.accountId) as unknown as Accessor);
  return {
    listAccountIds: options.listAccountIds,
    resolveAccount: options.resolveAccount,
    ...(options.inspectAccount ? { inspectAccount: options.inspectAccount } : {}),
    defaultAccountId: options.defaultAccountId,
    setAccountEnabled: (params: { cfg: ChannelConfig; accountId: string; enabled: boolean }) =>
      setAccountEnabledInConfigSection({
        ...params,
        sectionKey,
        allowTopLevel: options.allowTopLevel ?? true,
      }),
    deleteAccount: (params: { cfg: ChannelConfig; accountId: string }) =>
      deleteAccountFromConfigSection({ ...params, sectionKey, clearBaseFields: options.clearBaseFields }),
    ...accessors(options, resolve),
  };
}

/** As above for a channel whose default account always lives at the root. */
export function createHybridChannelConfigAdapter<Account, Accessor = Account>(
  options: ScopedConfigOptions<Account, Accessor> & { preserveSectionOnDefaultDelete?: boolean },
): ChannelConfigAdapter<Account> {
  const adapter = createScopedChannelConfigAdapter(options);
  if (!options.preserveSectionOnDefaultDelete) return adapter;
  return {
    ...adapter,
    deleteAccount: (params: { cfg: ChannelConfig; accountId: string }) => {
      if (params.accountId !== DEFAULT_ACCOUNT_ID) {
        return deleteAccountFromConfigSection({
          ...params,
          sectionKey: options.sectionKey,
          clearBaseFields: options.clearBaseFields,
        });
      }
      return clearBase(params.cfg, options.sectionKey, options.clearBaseFields);
    },
  };
}

function clearBase(cfg: ChannelConfig, sectionKey: string, fields: readonly string[]): ChannelConfig {
  const kept = Object.entries(channelSection(cfg, sectionKey)).filter(([key]) => !fields.includes(key));
  return withChannelSection(cfg, sectionKey, Object.fromEntries(kept));
}

/** A channel with one account, whose settings are the section itself. */
export function createTopLevelChannelConfigAdapter<Account, Accessor = Account>(
  options: AccessOptions<Accessor> & {
    sectionKey: string;
    resolveAccount(cfg: ChannelConfig): Account;
    resolveAccessorAccount?(params: AccessorParams): Accessor;
    listAccountIds?(cfg: ChannelConfig): string[];
    defaultAccountId?(cfg: ChannelConfig): string;
    inspectAccount?(cfg: ChannelConfig): unknown;
    deleteMode?: "remove-section" | "clear-fields";
    clearBaseFields?: readonly string[];
  },
): ChannelConfigAdapter<Account> {
  const { sectionKey } = options;
  const resolve =
    options.resolveAccessorAccount ??
    ((params: AccessorParams) => options.resolveAccount(params.cfg) as unknown as Accessor);
  return {
    listAccountIds: options.listAccountIds ?? (() => [DEFAULT_ACCOUNT_ID]),
    resolveAccount: options.resolveAccount,
    ...(options.inspectAccount ? { inspectAccount: options.inspectAccount } : {}),
    defaultAccountId: options.defaultAccountId ?? (() => DEFAULT_ACCOUNT_ID),
    setAccountEnabled: ({ cfg, enabled }: { cfg: ChannelConfig; enabled: boolean }) =>
      withChannelSection(cfg, sectionKey, { ...channelSection(cfg, sectionKey), enabled }),
    deleteAccount: ({ cfg }: { cfg: ChannelConfig }) =>
      options.deleteMode === "clear-fields"
        ? clearBase(cfg, sectionKey, options.clearBaseFields ?? [])
        : withChannelSection(cfg, sectionKey, undefined),
    ...accessors(options, resolve),
  };
}

export function mapAllowFromEntries(allowFrom: ReadonlyArray<string | number> | null | undefined): string[] {
  return (allowFrom ?? []).map(String);
}

export function formatTrimmedAllowFromEntries(allowFrom: Array<string | number>): string[] {
  return normalizeStringEntries(allowFrom);
}

const DM_POLICIES = ["pairing", "allowlist", "open", "disabled"];

export function normalizeChannelDmPolicy(value: string | undefined): string | undefined {
  const policy = value?.trim().toLowerCase();
  return policy !== undefined && DM_POLICIES.includes(policy) ? policy : undefined;
}
