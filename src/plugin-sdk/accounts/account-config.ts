import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";
import {
  DEFAULT_ACCOUNT_ID,
  listCombinedAccountIds,
  listConfiguredAccountIds,
  normalizeAccountId,
  normalizeOptionalAccountId,
  resolveListedDefaultAccountId,
  resolveNormalizedAccountEntry,
} from "./account-ids.ts";

export interface AccountMergeOptions {
  /** Root keys that no account inherits, besides `accounts`. */
  omitKeys?: readonly string[];
  /** Keys whose objects are merged instead of replaced. */
  nestedObjectKeys?: readonly string[];
  /** Keys for which an empty list or object of the account counts as absent. */
  inheritEmptyKeys?: Readonly<Record<string, "array" | "object">>;
  /** The root's `allowFrom` wins over the account's. */
  preserveRootAllowFrom?: boolean;
}

/** The settings of an account: what it leaves out comes from the channel's root (spec 1.4). */
export function mergeAccountConfig<Config extends UnknownRecord>(
  params: AccountMergeOptions & {
    channelConfig: Config | undefined;
    accountConfig: Partial<Config> | undefined;
  },
): Config {
  const root: UnknownRecord = { ...params.channelConfig };
  for (const key of ["accounts", ...(params.omitKeys ?? [])]) delete root[key];
  const own: UnknownRecord = { ...params.accountConfig };
  const merged: UnknownRecord = { ...root };
  for (const [key, value] of Object.entries(own)) {
    if (value === undefined) continue;
    if (params.preserveRootAllowFrom && key === "allowFrom" && root[key] !== undefined) continue;
    if (isEmptyValue(value, params.inheritEmptyKeys?.[key]) && root[key] !== undefined) continue;
    merged[key] =
      params.nestedObjectKeys?.includes(key) && isRecord(root[key]) && isRecord(value)
        ? { ...(root[key] as UnknownRecord), ...value }
        : value;
  }
  return merged as Config;
}

function isEmptyValue(value: unknown, kind: "array" | "object" | undefined): boolean {
  if (kind === "array") return Array.isArray(value) && value.length === 0;
  return kind === "object" && isRecord(value) && Object.keys(value).length === 0;
}

export function resolveMergedAccountConfig<Config extends UnknownRecord>(
  params: AccountMergeOptions & {
    channelConfig: Config | undefined;
    accounts: Record<string, Partial<Config>> | undefined;
    accountId: string;
    normalizeAccountId?: (accountId: string) => string;
  },
): Config {
  const accountConfig = resolveNormalizedAccountEntry(
    params.accounts,
    params.accountId,
    params.normalizeAccountId ?? normalizeAccountId,
  );
  return mergeAccountConfig<Config>({ ...params, accountConfig });
}

/** True for text with content, numbers, and secret references. */
export function hasConfiguredAccountValue(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "";
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}

export interface AccountListOptions extends Pick<AccountMergeOptions, "nestedObjectKeys"> {
  normalizeAccountId?: (id: string) => string;
  omitKeys?: readonly string[];
  allowUnlistedDefaultAccount?: boolean;
  additionalAccountIds?: (cfg: ChannelConfig) => Iterable<string>;
  fallbackAccountIdWhenEmpty?: string | false;
  /** The unnamed account exists when one of these root keys or variables is set. */
  implicitDefaultAccount?: { channelKeys?: readonly string[]; envVars?: readonly string[] };
  // biome-ignore lint/suspicious/noExplicitAny: plugins read their own section without narrowing it
  hasImplicitDefaultAccount?: (cfg: any) => boolean;
  resolveImplicitAccountId?: (cfg: ChannelConfig) => string | undefined;
}

export interface AccountListHelpers<Config> {
  listConfiguredAccountIds(cfg: ChannelConfig): string[];
  listAccountIds(cfg: ChannelConfig): string[];
  resolveDefaultAccountId(cfg: ChannelConfig): string;
  resolveAccountConfig(cfg: ChannelConfig, accountId: string): Config;
}

/** The account functions of a channel whose settings lie at `channels.<channelKey>`. */
export function createAccountListHelpers<Config extends UnknownRecord = UnknownRecord>(
  channelKey: string,
  options: AccountListOptions = {},
): AccountListHelpers<Config> {
  const normalize = options.normalizeAccountId ?? normalizeAccountId;
  const section = (cfg: ChannelConfig) => asRecordOrEmpty(readPath(cfg, ["channels", channelKey]));
  const accounts = (cfg: ChannelConfig) => {
    const value = section(cfg)["accounts"];
    return isRecord(value) ? (value as Record<string, Partial<Config>>) : undefined;
  };
  const configured = (cfg: ChannelConfig) =>
    listConfiguredAccountIds({ accounts: accounts(cfg), normalizeAccountId: normalize });
  const list = (cfg: ChannelConfig) =>
    listCombinedAccountIds({
      configuredAccountIds: configured(cfg),
      ...(options.additionalAccountIds ? { additionalAccountIds: options.additionalAccountIds(cfg) } : {}),
      implicitAccountId: implicitAccountId(cfg, section(cfg), options),
      fallbackAccountIdWhenEmpty:
        options.fallbackAccountIdWhenEmpty === false
          ? undefined
          : (options.fallbackAccountIdWhenEmpty ?? DEFAULT_ACCOUNT_ID),
    });
  return {
    listConfiguredAccountIds: configured,
    listAccountIds: list,
    resolveDefaultAccountId: (cfg) =>
      resolveListedDefaultAccountId({
        accountIds: list(cfg),
        configuredDefaultAccountId: normalizeOptionalAccountId(
          normalizeOptionalString(section(cfg)["defaultAccount"]),
        ),
        ...(options.allowUnlistedDefaultAccount ? { allowUnlistedDefaultAccount: true } : {}),
        normalizeListedAccountId: normalize,
      }),
    resolveAccountConfig: (cfg, accountId) =>
      resolveMergedAccountConfig<Config>({
        channelConfig: section(cfg) as Config,
        accounts: accounts(cfg),
        accountId,
        normalizeAccountId: normalize,
        omitKeys: options.omitKeys ?? ["defaultAccount"],
        ...(options.nestedObjectKeys ? { nestedObjectKeys: options.nestedObjectKeys } : {}),
      }),
  };
}

function implicitAccountId(
  cfg: ChannelConfig,
  section: UnknownRecord,
  options: AccountListOptions,
): string | undefined {
  const resolved = options.resolveImplicitAccountId?.(cfg);
  if (resolved !== undefined) return resolved;
  const { channelKeys = [], envVars = [] } = options.implicitDefaultAccount ?? {};
  const implied =
    options.hasImplicitDefaultAccount?.(cfg) ||
    channelKeys.some((key) => hasConfiguredAccountValue(section[key])) ||
    envVars.some((name) => hasConfiguredAccountValue(process.env[name]));
  return implied ? DEFAULT_ACCOUNT_ID : undefined;
}

/** Without an explicit id: the unnamed account if it has credentials, else the default account. */
export function resolveAccountWithDefaultFallback<Account>(params: {
  accountId?: string | null;
  normalizeAccountId: (accountId?: string | null) => string;
  resolvePrimary: (accountId: string) => Account;
  hasCredential: (account: Account) => boolean;
  resolveDefaultAccountId: () => string;
}): Account {
  const primaryId = params.normalizeAccountId(params.accountId);
  const primary = params.resolvePrimary(primaryId);
  if (params.accountId?.trim() || params.hasCredential(primary)) return primary;
  const fallbackId = params.resolveDefaultAccountId();
  if (fallbackId === primaryId) return primary;
  const fallback = params.resolvePrimary(fallbackId);
  return params.hasCredential(fallback) ? fallback : primary;
}

/** Actions switched by `actions.<name>`, an account's setting over the channel's. */
export function createAccountActionGate<Actions extends Record<string, boolean | undefined>>(params: {
  baseActions?: Actions;
  accountActions?: Actions;
}): (key: keyof Actions, defaultValue?: boolean) => boolean {
  return (key, defaultValue = true) =>
    params.accountActions?.[key] ?? params.baseActions?.[key] ?? defaultValue;
}

const MEBIBYTE = 1_024 * 1_024;

/** The account's `mediaMaxMb`, else `agents.defaults.mediaMaxMb`, in bytes. */
export function resolveChannelMediaMaxBytes(params: {
  cfg: ChannelConfig;
  resolveChannelLimitMb: (params: { cfg: ChannelConfig; accountId: string }) => number | undefined;
  accountId?: string | null;
}): number | undefined {
  const { cfg } = params;
  const shared = readPath(cfg, ["agents", "defaults", "mediaMaxMb"]);
  const limit =
    params.resolveChannelLimitMb({ cfg, accountId: normalizeAccountId(params.accountId) }) ??
    (typeof shared === "number" ? shared : undefined);
  return limit ? Math.floor(limit * MEBIBYTE) : undefined;
}
