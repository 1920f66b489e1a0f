import { asOptionalRecord, type UnknownRecord } from "../values/records.ts";

/** `dm.policy` and `dm.allowFrom` of older files as `dmPolicy` and `allowFrom`; what is stated there wins. */
export function normalizeLegacyDmAliases(params: {
  entry: UnknownRecord;
  pathPrefix: string;
  /** Gets a line for every key that moved. */
  changes: string[];
}): { entry: UnknownRecord; changed: boolean } {
  const { entry, pathPrefix, changes } = params;
  const dm = asOptionalRecord(entry["dm"]);
  if (!dm) return { entry, changed: false };
  const kept: UnknownRecord = { ...dm };
  const updated: UnknownRecord = { ...entry };
  for (const [from, to] of [
    ["policy", "dmPolicy"],
    ["allowFrom", "allowFrom"],
  ] as const) {
    if (dm[from] === undefined) continue;
    delete kept[from];
    if (updated[to] === undefined) {
      updated[to] = dm[from];
      changes.push(`Moved ${pathPrefix}.dm.${from} to ${pathPrefix}.${to}.`);
    } else changes.push(`Removed ${pathPrefix}.dm.${from}; ${pathPrefix}.${to} is set.`);
  }
  if (Object.keys(kept).length === Object.keys(dm).length) return { entry, changed: false };
  if (Object.keys(kept).length > 0) updated["dm"] = kept;
  else delete updated["dm"];
  return { entry: updated, changed: true };
}

type DmSettings = object | null | undefined;

/** A setting of direct messages: of the account, else of the channel; where each states it in its older place, there. */
function dmSetting(name: "policy" | "allowFrom", account: DmSettings, parent: DmSettings): unknown {
  const current = name === "policy" ? "dmPolicy" : name;
  for (const settings of [account, parent]) {
    const stated = asOptionalRecord(settings);
    const value = stated?.[current] ?? asOptionalRecord(stated?.["dm"])?.[name];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** `dmPolicy`, or `dm.policy` of older files. */
export function resolveChannelDmPolicy(params: {
  account?: DmSettings;
  parent?: DmSettings;
  defaultPolicy?: string;
}): string | undefined {
  const policy = dmSetting("policy", params.account, params.parent);
  return typeof policy === "string" ? policy : params.defaultPolicy;
}

/** `allowFrom`, or `dm.allowFrom` of older files. */
export function resolveChannelDmAllowFrom(params: {
  account?: DmSettings;
  parent?: DmSettings;
}): (string | number)[] | undefined {
  const entries = dmSetting("allowFrom", params.account, params.parent);
  return Array.isArray(entries) ? (entries as (string | number)[]) : undefined;
}
