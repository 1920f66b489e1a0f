import type { ChannelConfig } from "../../contracts/channel.ts";
import { channelSection, withChannelSection } from "../setup/config-edits.ts";
import { asRecordOrEmpty, isRecord, type UnknownRecord } from "../values/records.ts";

/** Older settings of a channel: finding them and moving them to where they belong now. */

export interface LegacyConfigRule {
  path: string[];
  message: string;
  match?(value: unknown, root: UnknownRecord): boolean;
}

export interface ConfigMutation {
  config: ChannelConfig;
  changes: string[];
  warnings?: string[];
}

export interface SettingsScope {
  record: UnknownRecord;
  pathPrefix: string;
}

/** The channel's root and each of its accounts. */
export function collectChannelAccountScopes(cfg: ChannelConfig, channelId: string): SettingsScope[] {
  const section = channelSection(cfg, channelId);
  const accounts = Object.entries(asRecordOrEmpty(section["accounts"])).filter(([, account]) =>
    isRecord(account),
  );
  return [
    { record: section, pathPrefix: `channels.${channelId}` },
    ...accounts.map(([id, record]) => ({
      record: record as UnknownRecord,
      pathPrefix: `channels.${channelId}.accounts.${id}`,
    })),
  ];
}

/** Applies an edit to the root and to every account; the same configuration comes back when nothing changed. */
export function mapChannelScopes(
  cfg: ChannelConfig,
  channelId: string,
  edit: (scope: SettingsScope) => UnknownRecord,
): ChannelConfig {
  const section = asRecordOrEmpty(asRecordOrEmpty(cfg["channels"])[channelId]);
  if (Object.keys(section).length === 0) return cfg;
  let changed = false;
  const apply = (scope: SettingsScope) => {
    const next = edit(scope);
    if (next !== scope.record) changed = true;
    return next;
  };
  const root = apply({ record: section, pathPrefix: `channels.${channelId}` });
  const accounts = asRecordOrEmpty(root["accounts"]);
  const nextAccounts = Object.fromEntries(
    Object.entries(accounts).map(([id, account]) => [
      id,
      isRecord(account)
        ? apply({ record: account, pathPrefix: `channels.${channelId}.accounts.${id}` })
        : account,
    ]),
  );
  if (!changed) return cfg;
  return withChannelSection(
    cfg,
    channelId,
    isRecord(root["accounts"]) ? { ...root, accounts: nextAccounts } : root,
  );
}

/** Removes settings that were accepted once and do nothing now. */
export function stripRetiredChannelKeys(params: {
  cfg: ChannelConfig;
  channelId: string;
  keys: ReadonlySet<string> | readonly string[];
  scope?: "root" | "root-and-accounts";
  onRemove?(removed: { pathPrefix: string; key: string; value: unknown }): void;
}): { config: ChannelConfig; changed: boolean } {
  const keys = new Set(params.keys);
  const config = mapChannelScopes(params.cfg, params.channelId, ({ record, pathPrefix }) => {
    const isAccount = pathPrefix.includes(".accounts.");
    const present =
      isAccount && params.scope === "root" ? [] : Object.keys(record).filter((key) => keys.has(key));
    if (present.length === 0) return record;
    for (const key of present) params.onRemove?.({ pathPrefix, key, value: record[key] });
    return Object.fromEntries(Object.entries(record).filter(([key]) => !present.includes(key)));
  });
  return { config, changed: config !== params.cfg };
}

/** Rules that tell about a setting at the root and in accounts. */
export function rulesForScopes(
  channelId: string,
  message: string,
  match: (record: UnknownRecord) => boolean,
): LegacyConfigRule[] {
  return [
    { path: ["channels", channelId], message, match: (value) => isRecord(value) && match(value) },
    {
      path: ["channels", channelId, "accounts"],
      message,
      match: (value) =>
        Object.values(asRecordOrEmpty(value)).some((account) => isRecord(account) && match(account)),
    },
  ];
}
