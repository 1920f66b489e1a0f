import type { ChannelConfig } from "../../contracts/channel.ts";
import { DEFAULT_ACCOUNT_ID, normalizeAccountId, resolveAccountKey } from "../accounts/account-ids.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";

/** Pure edits of `channels.<key>`: every function returns a new configuration. */

export function channelSection(cfg: ChannelConfig, channelKey: string): UnknownRecord {
  return asRecordOrEmpty(readPath(cfg, ["channels", channelKey]));
}

export function withChannelSection(
  cfg: ChannelConfig,
  channelKey: string,
  section: UnknownRecord | undefined,
): ChannelConfig {
  const { [channelKey]: _old, ...others } = asRecordOrEmpty(cfg["channels"]);
  const channels = section === undefined ? others : { ...others, [channelKey]: section };
  return { ...cfg, channels };
}

function without(record: UnknownRecord, fields: readonly string[]): UnknownRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !fields.includes(key)));
}

export interface ScopedPatch {
  cfg: ChannelConfig;
  channelKey: string;
  accountId: string;
  patch: Record<string, unknown>;
  /** Used instead of `patch` when the account has a section of its own. */
  accountPatch?: Record<string, unknown>;
  clearFields?: readonly string[];
  /** Default true. */
  ensureChannelEnabled?: boolean;
  /** Default: as `ensureChannelEnabled`. */
  ensureAccountEnabled?: boolean;
  /** Writes the default account below `accounts` too. */
  scopeDefaultToAccounts?: boolean;
}

/** Writes settings of an account: the default one at the channel's root, the others below `accounts`. */
export function patchScopedAccountConfig(params: ScopedPatch): ChannelConfig {
  const accountId = normalizeAccountId(params.accountId);
  const enableChannel = params.ensureChannelEnabled ?? true;
  const enableAccount = params.ensureAccountEnabled ?? enableChannel;
  const cleared = without(channelSection(params.cfg, params.channelKey), []);
  const accounts = asRecordOrEmpty(cleared["accounts"]);
  const ownKey = resolveAccountKey(accounts, accountId);
  const enabled = enableChannel ? { enabled: true } : {};
  if (accountId === DEFAULT_ACCOUNT_ID && !params.scopeDefaultToAccounts && ownKey === undefined) {
    return withChannelSection(params.cfg, params.channelKey, {
      ...without(cleared, params.clearFields ?? []),
      ...enabled,
      ...params.patch,
    });
  }
  const key = ownKey ?? accountId;
  const account = without(asRecordOrEmpty(accounts[key]), params.clearFields ?? []);
  return withChannelSection(params.cfg, params.channelKey, {
    ...cleared,
    ...enabled,
    accounts: {
      ...accounts,
      [key]: {
        ...account,
        ...(enableAccount ? { enabled: account["enabled"] ?? true } : {}),
        ...(params.accountPatch ?? params.patch),
      },
    },
  });
}

export function applySetupAccountConfigPatch(params: {
  cfg: ChannelConfig;
  channelKey: string;
  accountId: string;
  patch: Record<string, unknown>;
}): ChannelConfig {
  return patchScopedAccountConfig(params);
}

export function patchChannelConfigForAccount(params: {
  cfg: ChannelConfig;
  channel: string;
  accountId: string;
  patch: Record<string, unknown>;
}): ChannelConfig {
  return patchScopedAccountConfig({ ...params, channelKey: params.channel });
}

/** Makes sure that the channel and the account have a section, and that both are switched on. */
export function prepareScopedSetupConfig(params: {
  cfg: ChannelConfig;
  channelKey: string;
  accountId: string;
  name?: string;
  alwaysUseAccounts?: boolean;
  migrateBaseName?: boolean;
}): ChannelConfig {
  const named = applyAccountNameToChannelSection(params);
  const migrate = params.migrateBaseName && normalizeAccountId(params.accountId) !== DEFAULT_ACCOUNT_ID;
  return migrate ? migrateBaseNameToDefaultAccount({ ...params, cfg: named }) : named;
}

/** A display name: of the default account at the root unless accounts are in use. */
export function applyAccountNameToChannelSection(params: {
  cfg: ChannelConfig;
  channelKey: string;
  accountId: string;
  name?: string | undefined;
  alwaysUseAccounts?: boolean;
}): ChannelConfig {
  const name = params.name?.trim();
  if (!name) return params.cfg;
  const section = channelSection(params.cfg, params.channelKey);
  const accountId = normalizeAccountId(params.accountId);
  const accounts = asRecordOrEmpty(section["accounts"]);
  const atRoot =
    accountId === DEFAULT_ACCOUNT_ID && !params.alwaysUseAccounts && Object.keys(accounts).length === 0;
  if (atRoot) return withChannelSection(params.cfg, params.channelKey, { ...section, name });
  const key = resolveAccountKey(accounts, accountId) ?? accountId;
  const { name: rootName, ...rest } = section;
  const root = accountId === DEFAULT_ACCOUNT_ID || rootName === undefined ? rest : section;
  return withChannelSection(params.cfg, params.channelKey, {
    ...root,
    accounts: { ...accounts, [key]: { ...asRecordOrEmpty(accounts[key]), name } },
  });
}

/** Once there are named accounts, the root's name belongs to the default one. */
export function migrateBaseNameToDefaultAccount(params: {
  cfg: ChannelConfig;
  channelKey: string;
  alwaysUseAccounts?: boolean;
}): ChannelConfig {
  if (params.alwaysUseAccounts) return params.cfg;
  const { name, ...rest } = channelSection(params.cfg, params.channelKey);
  if (typeof name !== "string" || name.trim() === "") return params.cfg;
  const accounts = asRecordOrEmpty(rest["accounts"]);
  const key = resolveAccountKey(accounts, DEFAULT_ACCOUNT_ID) ?? DEFAULT_ACCOUNT_ID;
  const account = asRecordOrEmpty(accounts[key]);
  return withChannelSection(params.cfg, params.channelKey, {
    ...rest,
    accounts: { ...accounts, [key]: { ...account, name: account["name"] ?? name } },
  });
}

export function setSetupChannelEnabled(cfg: ChannelConfig, channel: string, enabled: boolean): ChannelConfig {
  return withChannelSection(cfg, channel, { ...channelSection(cfg, channel), enabled });
}

export function patchTopLevelChannelConfigSection(params: {
  cfg: ChannelConfig;
  channel: string;
  enabled?: boolean;
  clearFields?: readonly string[];
  patch: Record<string, unknown>;
}): ChannelConfig {
  return withChannelSection(params.cfg, params.channel, {
    ...without(channelSection(params.cfg, params.channel), params.clearFields ?? []),
    ...(params.enabled === undefined ? {} : { enabled: params.enabled }),
    ...params.patch,
  });
}

export function setAccountEnabledInConfigSection(params: {
  cfg: ChannelConfig;
  sectionKey: string;
  accountId: string;
  enabled: boolean;
  allowTopLevel?: boolean;
}): ChannelConfig {
  const section = channelSection(params.cfg, params.sectionKey);
  const accounts = asRecordOrEmpty(section["accounts"]);
  const accountId = normalizeAccountId(params.accountId);
  const key = resolveAccountKey(accounts, accountId);
  if (params.allowTopLevel && accountId === DEFAULT_ACCOUNT_ID && key === undefined) {
    return withChannelSection(params.cfg, params.sectionKey, { ...section, enabled: params.enabled });
  }
  return withChannelSection(params.cfg, params.sectionKey, {
    ...section,
    accounts: {
      ...accounts,
      [key ?? accountId]: { ...asRecordOrEmpty(accounts[key ?? accountId]), enabled: params.enabled },
    },
  });
}

/** Deleting the default account clears its settings at the root and keeps the other accounts. */
export function deleteAccountFromConfigSection(params: {
  cfg: ChannelConfig;
  sectionKey: string;
  accountId: string;
  clearBaseFields?: readonly string[];
}): ChannelConfig {
  const section = channelSection(params.cfg, params.sectionKey);
  const accounts = asRecordOrEmpty(section["accounts"]);
  const accountId = normalizeAccountId(params.accountId);
  const key = resolveAccountKey(accounts, accountId);
  const rest = key === undefined ? accounts : without(accounts, [key]);
  const base = accountId === DEFAULT_ACCOUNT_ID ? without(section, params.clearBaseFields ?? []) : section;
  const { accounts: _accounts, ...root } = base;
  if (Object.keys(rest).length > 0) {
    return withChannelSection(params.cfg, params.sectionKey, { ...root, accounts: rest });
  }
  const empty = accountId === DEFAULT_ACCOUNT_ID;
  return withChannelSection(params.cfg, params.sectionKey, empty ? undefined : root);
}

/** Removes fields (a stored login, say) of one account. `cleared`: one of them held a value. */
export function clearAccountFieldsFromConfigSection(params: {
  cfg: ChannelConfig;
  sectionKey: string;
  accountId: string;
  fields: readonly string[];
  markClearedOnFieldPresence?: boolean;
}): { nextConfig: ChannelConfig; changed: boolean; cleared: boolean } {
  const section = channelSection(params.cfg, params.sectionKey);
  const accounts = asRecordOrEmpty(section["accounts"]);
  const accountId = normalizeAccountId(params.accountId);
  const key = resolveAccountKey(accounts, accountId);
  const records = [
    ...(accountId === DEFAULT_ACCOUNT_ID ? [section] : []),
    ...(key === undefined ? [] : [asRecordOrEmpty(accounts[key])]),
  ];
  const held = records.flatMap((record) =>
    params.fields.filter((field) => Object.hasOwn(record, field)).map((field) => record[field]),
  );
  if (held.length === 0) return { nextConfig: params.cfg, changed: false, cleared: false };
  const root = accountId === DEFAULT_ACCOUNT_ID ? without(section, params.fields) : section;
  const nextAccounts =
    key === undefined
      ? accounts
      : { ...accounts, [key]: without(asRecordOrEmpty(accounts[key]), params.fields) };
  return {
    nextConfig: withChannelSection(
      params.cfg,
      params.sectionKey,
      isRecord(section["accounts"]) ? { ...root, accounts: nextAccounts } : root,
    ),
    changed: true,
    cleared: params.markClearedOnFieldPresence === true || held.some(Boolean),
  };
}

/** The same for a bare `accounts` map. */
export function clearAccountEntryFields<Account extends object>(params: {
  accounts?: Record<string, Account>;
  accountId: string;
  fields: readonly string[];
  isValueSet?(value: unknown): boolean;
  markClearedOnFieldPresence?: boolean;
}): { nextAccounts?: Record<string, Account>; changed: boolean; cleared: boolean } {
  const { accounts } = params;
  const key = accounts && resolveAccountKey(accounts, params.accountId);
  if (!accounts || key === undefined)
    return { ...(accounts ? { nextAccounts: accounts } : {}), changed: false, cleared: false };
  const entry = asRecordOrEmpty(accounts[key]);
  const present = params.fields.filter((field) => Object.hasOwn(entry, field));
  if (present.length === 0) return { nextAccounts: accounts, changed: false, cleared: false };
  const isSet = params.isValueSet ?? Boolean;
  const cleared = params.markClearedOnFieldPresence || present.some((field) => isSet(entry[field]));
  const next = without(entry, params.fields);
  const rest = without(accounts, [key]) as Record<string, Account>;
  const kept = Object.keys(next).length > 0 ? { ...rest, [key]: next as Account } : rest;
  return {
    ...(Object.keys(kept).length > 0 ? { nextAccounts: kept } : {}),
    changed: true,
    cleared,
  };
}
