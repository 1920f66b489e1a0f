import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, type UnknownRecord } from "../values/records.ts";
import { type ConfigMutation, type LegacyConfigRule, mapChannelScopes, rulesForScopes } from "./records.ts";

export interface EntryParams {
  entry: UnknownRecord;
  pathPrefix: string;
  changes: string[];
}

export interface EntryResult {
  entry: UnknownRecord;
  changed: boolean;
}

/** A copy with a value at a path; a value that is there already stays. */
export function withValueAt(record: UnknownRecord, path: readonly string[], value: unknown): UnknownRecord {
  const [key, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) return record[key] === undefined ? { ...record, [key]: value } : record;
  return { ...record, [key]: withValueAt(asRecordOrEmpty(record[key]), rest, value) };
}

function withoutPath(record: UnknownRecord, path: readonly string[]): UnknownRecord {
  const [key, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
  return isRecord(record[key]) ? { ...record, [key]: withoutPath(record[key], rest) } : record;
}

const valueAt = (record: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    record,
  );

interface KeyMoveOptions {
  /** Where the records are that have the setting: names, `*` for each. Default: the entry itself. */
  scope?: readonly string[];
  from: string | readonly string[];
  to: string | readonly string[];
  /** Only values that this accepts are moved. */
  match?(value: unknown): boolean;
  transform?(value: unknown): unknown;
  /** For the config of one channel as a whole. */
  channelId?: string;
  channelKey?: string;
  message?: string;
  [extra: string]: unknown;
}

/** A setting that got another name or place. The new one wins where both are set. */
export function defineKeyMoveMigration(options: KeyMoveOptions) {
  const path = (value: string | readonly string[]) => (typeof value === "string" ? value.split(".") : value);
  const [from, to, scope] = [path(options.from), path(options.to), options.scope ?? []];
  const isLegacy = (record: unknown): boolean => {
    const value = valueAt(record, from);
    return value !== undefined && options.match?.(value) !== false;
  };
  const isLegacyBelow = (value: unknown, names: readonly string[]): boolean => {
    const [name, ...rest] = names;
    if (name === undefined) return isLegacy(value);
    if (!isRecord(value)) return false;
    const inner = name === "*" ? Object.values(value) : [value[name]];
    return inner.some((each) => isLegacyBelow(each, rest));
  };
  const moveOne = ({ entry, pathPrefix, changes }: EntryParams): EntryResult => {
    if (!isLegacy(entry)) return { entry, changed: false };
    const value = valueAt(entry, from);
    const [old, now] = [`${pathPrefix}.${from.join(".")}`, `${pathPrefix}.${to.join(".")}`];
    const isSet = valueAt(entry, to) !== undefined;
    changes.push(isSet ? `Removed ${old}; ${now} is set.` : `Moved ${old} to ${now}.`);
    return {
      entry: withValueAt(withoutPath(entry, from), to, options.transform ? options.transform(value) : value),
      changed: true,
    };
  };
  const moveBelow = (params: EntryParams, names: readonly string[]): EntryResult => {
    const [name, ...rest] = names;
    if (name === undefined) return moveOne(params);
    let { entry } = params;
    for (const key of name === "*" ? Object.keys(entry) : [name]) {
      const inner = entry[key];
      if (!isRecord(inner)) continue;
      const moved = moveBelow({ ...params, entry: inner, pathPrefix: `${params.pathPrefix}.${key}` }, rest);
      if (moved.changed) entry = { ...entry, [key]: moved.entry };
    }
    return { entry, changed: entry !== params.entry };
  };
  const normalize = (params: EntryParams): EntryResult => moveBelow(params, scope);
  const channelId = options.channelId ?? options.channelKey;
  const normalizeChannelConfig = (input: { cfg: ChannelConfig; changes?: string[] }): ConfigMutation => {
    const changes = [...(input.changes ?? [])];
    const config = mapChannelScopes(
      input.cfg,
      channelId ?? "",
      ({ record, pathPrefix }) => normalize({ entry: record, pathPrefix, changes }).entry,
    );
    return { config, changes };
  };
  const message =
    options.message ??
    `channels.${channelId}.${[...scope, ...from].join(".")} is now ${to.join(".")}; run \`sluice doctor --fix\`.`;
  const legacyConfigRules: LegacyConfigRule[] =
    channelId === undefined
      ? []
      : rulesForScopes(channelId, message, (record) => isLegacyBelow(record, scope));
  return {
    /** Whether an entry still has the old setting. */
    hasLegacy: (entry: unknown) => isLegacyBelow(entry, scope),
    normalize,
    legacyConfigRules,
    normalizeChannelConfig,
    normalizeCompatibilityConfig: normalizeChannelConfig,
  };
}

/** Applies an edit to every account of a channel's entry. */
export function normalizeChannelAccounts(
  params: EntryParams & {
    normalizeAccount(account: {
      account: UnknownRecord;
      accountId: string;
      pathPrefix: string;
      changes: string[];
    }): EntryResult;
  },
): EntryResult {
  const { entry, changes } = params;
  if (!isRecord(entry["accounts"])) return { entry, changed: false };
  let accounts = entry["accounts"];
  for (const [accountId, account] of Object.entries(accounts)) {
    if (!isRecord(account)) continue;
    const pathPrefix = `${params.pathPrefix}.accounts.${accountId}`;
    const edited = params.normalizeAccount({ account, accountId, pathPrefix, changes });
    if (edited.changed) accounts = { ...accounts, [accountId]: edited.entry };
  }
  const changed = accounts !== entry["accounts"];
  return { entry: changed ? { ...entry, accounts } : entry, changed };
}

/** Applies an edit to a channel's root and to each of its accounts. */
export function normalizeChannelConfigEntries(params: {
  cfg: ChannelConfig;
  channelId: string;
  changes?: string[];
  normalizeEntry(entry: EntryParams & { accountId?: string }): EntryResult;
}): ConfigMutation {
  const changes = params.changes ?? [];
  const prefix = `channels.${params.channelId}`;
  const config = mapChannelScopes(params.cfg, params.channelId, ({ record, pathPrefix }) => {
    const accountId = pathPrefix === prefix ? undefined : pathPrefix.slice(`${prefix}.accounts.`.length);
    const edited = params.normalizeEntry({
      entry: record,
      pathPrefix,
      changes,
      ...(accountId === undefined ? {} : { accountId }),
    });
    return edited.changed ? edited.entry : record;
  });
  return { config, changes };
}
