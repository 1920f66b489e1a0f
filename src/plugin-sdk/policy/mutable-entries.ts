import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";
import { normalizeStringEntries } from "../values/strings.ts";

/** Allowlist entries that name a person by something the person can change. */

export function isDangerousNameMatchingEnabled(
  config: { dangerouslyAllowNameMatching?: boolean } | null | undefined,
): boolean {
  return config?.dangerouslyAllowNameMatching === true;
}

/** The account's setting, else the channel's. */
export function resolveDangerousNameMatchingEnabled(params: {
  providerConfig?: { dangerouslyAllowNameMatching?: boolean } | null | undefined;
  accountConfig?: { dangerouslyAllowNameMatching?: boolean } | null | undefined;
}): boolean {
  const own = params.accountConfig?.dangerouslyAllowNameMatching;
  return typeof own === "boolean" ? own : isDangerousNameMatchingEnabled(params.providerConfig);
}

/** True for an entry that is neither a wildcard, an access group nor a stable id. */
export function buildMutableAllowEntryDetector(params: {
  prefixes?: readonly string[];
  stableIdPattern: RegExp;
}): (entry: string) => boolean {
  const pattern = new RegExp(
    params.stableIdPattern.source,
    params.stableIdPattern.flags.replace(/[gy]/g, ""),
  );
  return (raw) => {
    let entry = raw.trim();
    if (entry === "" || entry === "*" || /^accessGroup:/i.test(entry)) return false;
    for (const prefix of params.prefixes ?? []) {
      const label = prefix.endsWith(":") ? prefix : `${prefix}:`;
      if (entry.toLowerCase().startsWith(label.toLowerCase())) entry = entry.slice(label.length).trim();
    }
    return entry !== "" && entry !== "*" && !pattern.test(entry);
  };
}

export interface AllowlistCandidate {
  pathLabel: string;
  list: unknown;
}

/** The usual lists of an account: `allowFrom`, `groupAllowFrom`, `dm.allowFrom` and those of its groups. */
export function collectStandardAllowlistLists(
  scope: { prefix: string; account: Record<string, unknown> },
  options: {
    includeAllowFrom?: boolean;
    includeGroupAllowFrom?: boolean;
    includeDm?: boolean;
    includeGroups?: boolean;
    groupsKey?: string;
    groupField?: string;
  } = {},
): AllowlistCandidate[] {
  const { prefix, account } = scope;
  const lists: AllowlistCandidate[] = [];
  const add = (pathLabel: string, list: unknown) => {
    if (Array.isArray(list)) lists.push({ pathLabel, list });
  };
  if (options.includeAllowFrom !== false) add(`${prefix}.allowFrom`, account["allowFrom"]);
  if (options.includeGroupAllowFrom !== false) add(`${prefix}.groupAllowFrom`, account["groupAllowFrom"]);
  if (options.includeDm) add(`${prefix}.dm.allowFrom`, asRecordOrEmpty(account["dm"])["allowFrom"]);
  if (options.includeGroups) {
    const key = options.groupsKey ?? "groups";
    const field = options.groupField ?? "allowFrom";
    for (const [id, group] of Object.entries(asRecordOrEmpty(account[key]))) {
      add(`${prefix}.${key}.${id}.${field}`, asRecordOrEmpty(group)[field]);
    }
  }
  return lists;
}

export interface NameMatchingScope {
  /** `channels.<channel>` or `channels.<channel>.accounts.<id>`. */
  prefix: string;
  account: UnknownRecord;
  dangerousFlagPath: string;
  dangerousNameMatchingEnabled: boolean;
}

/** Where a channel has allowlists, and whether they may match by name. */
export function collectProviderDangerousNameMatchingScopes(
  cfg: ChannelConfig,
  channel: string,
): NameMatchingScope[] {
  return scopesOf(cfg, channel).map(({ enabled, ...scope }) => ({
    ...scope,
    dangerousNameMatchingEnabled: enabled,
  }));
}

/** The channel's root and each of its accounts, with what they leave out taken from the root. */
function scopesOf(cfg: ChannelConfig, channel: string) {
  const root = readPath(cfg, ["channels", channel]);
  if (!isRecord(root)) return [];
  const prefix = `channels.${channel}`;
  const own = (account: UnknownRecord, at: string, inherited: UnknownRecord) => ({
    prefix: at,
    account,
    dangerousFlagPath: `${at}.dangerouslyAllowNameMatching`,
    enabled: (account["dangerouslyAllowNameMatching"] ?? inherited["dangerouslyAllowNameMatching"]) === true,
  });
  const accounts = Object.entries(asRecordOrEmpty(root["accounts"])).filter(([, account]) =>
    isRecord(account),
  );
  return [
    own(root, prefix, {}),
    ...accounts.map(([id, account]) => own(account as UnknownRecord, `${prefix}.accounts.${id}`, root)),
  ];
}

const SHOWN_ENTRIES = 8;

/** Warns about changeable names in allowlists while matching by name is off (they match nobody). */
export function createDangerousNameMatchingMutableAllowlistWarningCollector(params: {
  channel: string;
  detector(entry: string): boolean;
  collectLists(scope: {
    prefix: string;
    account: Record<string, unknown>;
    dangerousFlagPath: string;
  }): AllowlistCandidate[];
}): (context: { cfg: ChannelConfig }) => string[] {
  return ({ cfg }) => {
    const found: string[] = [];
    const flags = new Set<string>();
    for (const scope of scopesOf(cfg, params.channel).filter(({ enabled }) => !enabled)) {
      for (const { pathLabel, list } of params.collectLists(scope)) {
        for (const entry of normalizeStringEntries(Array.isArray(list) ? list : [])) {
          if (!params.detector(entry)) continue;
          found.push(`${pathLabel}: ${entry}`);
          flags.add(scope.dangerousFlagPath);
        }
      }
    }
    if (found.length === 0) return [];
    const more = found.length > SHOWN_ENTRIES ? [`- and ${found.length - SHOWN_ENTRIES} more`] : [];
    return [
      [
        `- ${found.length} allowlist entries of ${params.channel} are names that their owners can change; they match nobody:`,
        ...found.slice(0, SHOWN_ENTRIES).map((line) => `- ${line}`),
        ...more,
        `- Use stable ids, or accept the risk with ${[...flags].join(", ")}=true.`,
      ].join("\n"),
    ];
  };
}
