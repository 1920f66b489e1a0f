import { normalizeStringEntries, uniqueStrings } from "../values/strings.ts";

type Entries = ReadonlyArray<string | number>;

export interface AllowlistMatch<Source extends string = string> {
  allowed: boolean;
  matchKey?: string;
  matchSource?: Source;
}

/** Entries in lower case, without the prefix that the pattern names. */
export function formatAllowFromLowercase(params: { allowFrom: Entries; stripPrefixRe?: RegExp }): string[] {
  return normalizeStringEntries(params.allowFrom).map((entry) =>
    (params.stripPrefixRe ? entry.replace(params.stripPrefixRe, "") : entry).toLowerCase(),
  );
}

export function formatNormalizedAllowFromEntries(params: {
  allowFrom: Entries;
  normalizeEntry(entry: string): string | undefined | null;
}): string[] {
  return normalizeStringEntries(params.allowFrom)
    .map((entry) => params.normalizeEntry(entry))
    .filter((entry): entry is string => Boolean(entry));
}

export function isNormalizedSenderAllowed(params: {
  senderId: string | number;
  allowFrom: Entries;
  stripPrefixRe?: RegExp;
}): boolean {
  const list = formatAllowFromLowercase(params);
  return list.includes("*") || list.includes(String(params.senderId).trim().toLowerCase());
}

export interface CompiledAllowlist {
  set: ReadonlySet<string>;
  wildcard: boolean;
}

export function compileAllowlist(entries: readonly string[]): CompiledAllowlist {
  const set = new Set(entries.filter(Boolean));
  return { set, wildcard: set.has("*") };
}

interface Candidate<Source extends string> {
  value?: string | undefined;
  source: Source;
}

/** The first form of a sender that the list names. An empty list names nobody. */
export function resolveCompiledAllowlistMatch<Source extends string>(params: {
  compiledAllowlist: CompiledAllowlist;
  candidates: readonly Candidate<Source>[];
}): AllowlistMatch<Source | "wildcard"> {
  const { set, wildcard } = params.compiledAllowlist;
  if (wildcard) return { allowed: true, matchKey: "*", matchSource: "wildcard" };
  const found = params.candidates.find(({ value }) => value !== undefined && value !== "" && set.has(value));
  return found
    ? { allowed: true, matchKey: found.value as string, matchSource: found.source }
    : { allowed: false };
}

export function resolveAllowlistMatchByCandidates<Source extends string>(params: {
  allowList: readonly string[];
  candidates: readonly Candidate<Source>[];
}): AllowlistMatch<Source | "wildcard"> {
  return resolveCompiledAllowlistMatch({
    compiledAllowlist: compileAllowlist(params.allowList),
    candidates: params.candidates,
  });
}

export function resolveAllowlistMatchSimple(params: {
  allowFrom: Entries;
  senderId: string;
  senderName?: string | null;
  allowNameMatching?: boolean;
}): AllowlistMatch<"wildcard" | "id" | "name"> {
  const name = params.allowNameMatching ? params.senderName?.trim().toLowerCase() : undefined;
  return resolveAllowlistMatchByCandidates({
    allowList: formatAllowFromLowercase(params),
    candidates: [
      { value: params.senderId.trim().toLowerCase(), source: "id" as const },
      { value: name, source: "name" as const },
    ],
  });
}

export function formatAllowlistMatchMeta(match?: { matchKey?: string; matchSource?: string } | null): string {
  return `matchKey=${match?.matchKey ?? "none"} matchSource=${match?.matchSource ?? "none"}`;
}

export function firstDefined<T>(...values: (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

/** Merges without repeating an entry in another case. */
export function mergeAllowlist(params: { existing?: Entries; additions: readonly string[] }): string[] {
  const seen = new Set<string>();
  return normalizeStringEntries([...(params.existing ?? []), ...params.additions]).filter((entry) => {
    const key = entry.toLowerCase();
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

export function mapAllowlistResolutionInputs<T>(params: {
  inputs: readonly string[];
  mapInput(input: string): Promise<T> | T;
}): Promise<T[]> {
  return params.inputs.reduce<Promise<T[]>>(
    async (earlier, input) => [...(await earlier), await params.mapInput(input)],
    Promise.resolve([]),
  );
}

interface ResolutionLike {
  input: string;
  resolved: boolean;
  id?: string;
}

export function buildAllowlistResolutionSummary<T extends ResolutionLike>(
  resolvedUsers: readonly T[],
  options: { formatResolved?(entry: T): string | null; formatUnresolved?(entry: T): string } = {},
) {
  const resolvedMap = new Map(resolvedUsers.map((entry) => [entry.input, entry]));
  const isResolved = (entry: T) => entry.resolved && Boolean(entry.id);
  const format = options.formatResolved ?? ((entry: T) => `${entry.input}→${entry.id}`);
  return {
    resolvedMap,
    mapping: resolvedUsers
      .filter(isResolved)
      .map(format)
      .filter((line): line is string => line !== null),
    unresolved: resolvedUsers
      .filter((entry) => !isResolved(entry))
      .map((entry) => options.formatUnresolved?.(entry) ?? entry.input),
    additions: resolvedUsers.filter(isResolved).map((entry) => entry.id as string),
  };
}

/** Names replaced by the ids they stand for. */
export function canonicalizeAllowlistWithResolvedIds<T extends ResolutionLike>(params: {
  existing?: Entries;
  resolvedMap: ReadonlyMap<string, T>;
  entryKey?(entry: string): string;
}): string[] {
  return uniqueStrings(
    normalizeStringEntries(params.existing).map((entry) => {
      const found = params.resolvedMap.get(params.entryKey?.(entry) ?? entry);
      return found?.resolved && found.id ? found.id : entry;
    }),
  );
}

const SHOWN = 6;

/** Says in the log which names were understood. */
export function summarizeMapping(
  label: string,
  mapping: readonly string[],
  unresolved: readonly string[],
  runtime: { log?(line: string): void },
): void {
  const list = (entries: readonly string[]) =>
    entries.slice(0, SHOWN).join(", ") + (entries.length > SHOWN ? ` (+${entries.length - SHOWN})` : "");
  const lines = [
    ...(mapping.length > 0 ? [`${label} resolved: ${list(mapping)}`] : []),
    ...(unresolved.length > 0 ? [`${label} unresolved: ${list(unresolved)}`] : []),
  ];
  if (lines.length > 0) runtime.log?.(lines.join("\n"));
}
