/** Matching a conversation with the entries configured for it. */

export {
  createAllowedChatSenderMatcher,
  parseChatAllowTargetPrefixes,
  parseChatTargetPrefixesOrThrow,
  resolveServicePrefixedAllowTarget,
  resolveServicePrefixedChatTarget,
  resolveServicePrefixedOrChatAllowTarget,
  resolveServicePrefixedTarget,
} from "./channel-plugin/chat-target-prefixes.ts";
export {
  buildMessagingTarget,
  ensureTargetId,
  parseMentionPrefixOrAtUserTarget,
  requireTargetKind,
} from "./channel-plugin/messaging-targets.ts";

export interface EntryMatch<Entry> {
  entry?: Entry;
  key?: string;
  wildcardEntry?: Entry;
  wildcardKey?: string;
  parentEntry?: Entry;
  parentKey?: string;
  matchKey?: string;
  matchSource?: "direct" | "parent" | "wildcard";
}

export function normalizeChannelSlug(value: string): string {
  return value
    .trim()
    .toLowerCase()
    .replace(/^#/, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
}

/** The given keys without blanks and repetitions, in their order. */
export function buildChannelKeyCandidates(...keys: (string | null | undefined)[]): string[] {
  return [...new Set(keys.map((key) => key?.trim() ?? "").filter((key) => key !== ""))];
}

export function resolveChannelEntryMatch<Entry>(params: {
  entries?: Record<string, Entry>;
  keys: readonly string[];
  wildcardKey?: string;
}): EntryMatch<Entry> {
  const { entries = {}, wildcardKey } = params;
  const match: EntryMatch<Entry> = {};
  const key = params.keys.find((candidate) => Object.hasOwn(entries, candidate));
  if (key !== undefined) {
    match.entry = entries[key] as Entry;
    match.key = key;
  }
  if (wildcardKey !== undefined && Object.hasOwn(entries, wildcardKey)) {
    match.wildcardEntry = entries[wildcardKey] as Entry;
    match.wildcardKey = wildcardKey;
  }
  return match;
}

/** The entry under one of the keys, else under one that normalises alike, else of the parent, else `"*"`. */
export function resolveChannelEntryMatchWithFallback<Entry>(params: {
  entries?: Record<string, Entry>;
  keys: readonly string[];
  parentKeys?: readonly string[];
  wildcardKey?: string;
  normalizeKey?(value: string): string;
}): EntryMatch<Entry> {
  const { entries = {} } = params;
  const direct = resolveChannelEntryMatch(params);
  if (direct.key !== undefined) return { ...direct, matchKey: direct.key, matchSource: "direct" };
  const alike = findAlike(entries, params.keys, params);
  if (alike !== undefined) {
    return { ...direct, entry: entries[alike] as Entry, key: alike, matchKey: alike, matchSource: "direct" };
  }
  const parents = params.parentKeys ?? [];
  const parent = parents.find((key) => Object.hasOwn(entries, key)) ?? findAlike(entries, parents, params);
  if (parent !== undefined) {
    const entry = entries[parent] as Entry;
    return {
      ...direct,
      entry,
      key: parent,
      parentEntry: entry,
      parentKey: parent,
      matchKey: parent,
      matchSource: "parent",
    };
  }
  if (direct.wildcardKey === undefined) return direct;
  return {
    ...direct,
    entry: direct.wildcardEntry as Entry,
    key: direct.wildcardKey,
    matchKey: direct.wildcardKey,
    matchSource: "wildcard",
  };
}

/** Whether a place is on a list of lists: the inner list counts once the outer one has matched; a list that is not set lets all in. */
export function resolveNestedAllowlistDecision(params: {
  outerConfigured: boolean;
  outerMatched: boolean;
  innerConfigured: boolean;
  innerMatched: boolean;
}): boolean {
  if (!params.outerConfigured) return true;
  return params.outerMatched && (!params.innerConfigured || params.innerMatched);
}

/** The settings of the entry that matched, with how it was found; `null` when none did. */
export function resolveChannelMatchConfig<Entry, Config extends object>(
  match: EntryMatch<Entry>,
  resolveEntry: (entry: Entry) => Config,
): (Config & Pick<EntryMatch<Entry>, "matchKey" | "matchSource">) | null {
  return match.entry === undefined ? null : applyChannelMatchMeta(resolveEntry(match.entry), match);
}

/** Adds how an entry was found to what was read of it. */
export function applyChannelMatchMeta<Config extends object>(
  config: Config,
  match: Pick<EntryMatch<unknown>, "matchKey" | "matchSource">,
): Config & Pick<EntryMatch<unknown>, "matchKey" | "matchSource"> {
  if (match.matchKey === undefined || match.matchSource === undefined) return config;
  return Object.assign(config, { matchKey: match.matchKey, matchSource: match.matchSource });
}

function findAlike(
  entries: Record<string, unknown>,
  keys: readonly string[],
  params: { wildcardKey?: string; normalizeKey?(value: string): string },
): string | undefined {
  const { normalizeKey } = params;
  if (!normalizeKey) return undefined;
  const wanted = new Set(keys.map(normalizeKey).filter(Boolean));
  return Object.keys(entries).find((key) => key !== params.wildcardKey && wanted.has(normalizeKey(key)));
}
