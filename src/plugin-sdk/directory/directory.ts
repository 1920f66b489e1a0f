import type { ChannelConfig } from "../../contracts/channel.ts";
import { isRecord } from "../values/records.ts";
import { uniqueStrings } from "../values/strings.ts";

/** The people and groups of a channel, as far as its settings name them (spec 1.16). */

export interface DirectoryEntry {
  kind: "user" | "group" | "channel";
  id: string;
  name?: string;
  handle?: string;
  avatarUrl?: string;
  rank?: number;
  raw?: unknown;
}

export interface DirectoryQuery {
  cfg: ChannelConfig;
  accountId?: string | null;
  query?: string | null;
  limit?: number | null;
}

type Normalize = (entry: string) => string | null | undefined;

/** A directory adapter that always has the three lists. */
export function createChannelDirectoryAdapter<Adapter extends object>(adapter: Adapter = {} as Adapter) {
  return {
    self: async () => null,
    listPeers: async (): Promise<DirectoryEntry[]> => [],
    listGroups: async (): Promise<DirectoryEntry[]> => [],
    ...adapter,
  };
}

export function createEmptyChannelDirectoryAdapter() {
  return createChannelDirectoryAdapter({});
}

export function applyDirectoryQueryAndLimit(
  ids: readonly string[],
  params: { query?: string | null | undefined; limit?: number | null | undefined },
): string[] {
  const query = params.query?.trim().toLowerCase() ?? "";
  const found = query === "" ? [...ids] : ids.filter((id) => id.toLowerCase().includes(query));
  return typeof params.limit === "number" && params.limit > 0 ? found.slice(0, params.limit) : found;
}

export function toDirectoryEntries(kind: "user" | "group", ids: readonly string[]): DirectoryEntry[] {
  return ids.map((id) => ({ kind, id }));
}

/** Every named id of the sources, once; wildcards are not people. */
export function listDirectoryEntriesFromSources(params: {
  kind: "user" | "group";
  sources: Iterable<unknown>[];
  query?: string | null | undefined;
  limit?: number | null | undefined;
  normalizeId?: Normalize | undefined;
}): DirectoryEntry[] {
  const raw = params.sources.flatMap((source) => [...source]).map((entry) => String(entry ?? "").trim());
  const ids = raw
    .filter((entry) => entry !== "" && entry !== "*")
    .map((entry) => (params.normalizeId ? params.normalizeId(entry) : entry)?.trim())
    .filter((entry): entry is string => Boolean(entry));
  return toDirectoryEntries(params.kind, applyDirectoryQueryAndLimit(uniqueStrings(ids), params));
}

export function createResolvedDirectoryEntriesLister<Account>(params: {
  kind: "user" | "group";
  resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
  resolveSources(account: Account): Iterable<unknown>[];
  normalizeId: Normalize;
}) {
  return async (query: DirectoryQuery): Promise<DirectoryEntry[]> =>
    listDirectoryEntriesFromSources({
      kind: params.kind,
      sources: params.resolveSources(params.resolveAccount(query.cfg, query.accountId)),
      query: query.query,
      limit: query.limit,
      normalizeId: params.normalizeId,
    });
}

interface ListFromAllowFrom {
  allowFrom?: readonly unknown[] | undefined;
  query?: string | null;
  limit?: number | null;
  normalizeId?: Normalize;
}

export function listDirectoryUserEntriesFromAllowFrom(params: ListFromAllowFrom): DirectoryEntry[] {
  return listDirectoryEntriesFromSources({ ...params, kind: "user", sources: [params.allowFrom ?? []] });
}

export function listDirectoryGroupEntriesFromMapKeys(
  params: Omit<ListFromAllowFrom, "allowFrom"> & { groups?: Record<string, unknown> },
): DirectoryEntry[] {
  return listDirectoryEntriesFromSources({
    ...params,
    kind: "group",
    sources: [Object.keys(params.groups ?? {})],
  });
}

/** People out of an allowlist and of the keys of their own settings. */
export function listDirectoryUserEntriesFromAllowFromAndMapKeys(
  params: Omit<ListFromAllowFrom, "normalizeId"> & {
    map?: Record<string, unknown> | undefined;
    normalizeAllowFromId?: Normalize;
    normalizeMapKeyId?: Normalize;
  },
): DirectoryEntry[] {
  const apply = (entries: readonly unknown[], normalize: Normalize | undefined) =>
    entries.map((entry) => {
      const id = String(entry ?? "").trim();
      return id === "*" || !normalize ? id : normalize(id);
    });
  return listDirectoryEntriesFromSources({
    kind: "user",
    sources: [
      apply(params.allowFrom ?? [], params.normalizeAllowFromId),
      apply(Object.keys(params.map ?? {}), params.normalizeMapKeyId),
    ],
    query: params.query,
    limit: params.limit,
  });
}

/** Groups out of the keys of their settings and of an allowlist. */
export function listDirectoryGroupEntriesFromMapKeysAndAllowFrom(
  params: ListFromAllowFrom & { groups?: Record<string, unknown> | undefined },
): DirectoryEntry[] {
  return listDirectoryEntriesFromSources({
    ...params,
    kind: "group",
    sources: [Object.keys(params.groups ?? {}), params.allowFrom ?? []],
  });
}

export function listResolvedDirectoryUserEntriesFromAllowFrom<Account>(
  params: DirectoryQuery & {
    resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
    resolveAllowFrom(account: Account): readonly unknown[] | undefined;
    normalizeId?: Normalize;
  },
): DirectoryEntry[] {
  const allowFrom = params.resolveAllowFrom(params.resolveAccount(params.cfg, params.accountId));
  return listDirectoryEntriesFromSources({ ...params, kind: "user", sources: [allowFrom ?? []] });
}

export function listResolvedDirectoryGroupEntriesFromMapKeys<Account>(
  params: DirectoryQuery & {
    resolveAccount(cfg: ChannelConfig, accountId?: string | null): Account;
    resolveGroups(account: Account): unknown;
    normalizeId?: Normalize;
  },
): DirectoryEntry[] {
  const groups = params.resolveGroups(params.resolveAccount(params.cfg, params.accountId));
  return listDirectoryEntriesFromSources({
    ...params,
    kind: "group",
    sources: [isRecord(groups) ? Object.keys(groups) : []],
  });
}

type Method = "self" | "listPeersLive" | "listGroupsLive" | "listGroupMembers";

/** Live lists that lie in a module loaded on first use. */
export function createRuntimeDirectoryLiveAdapter<Runtime>(
  params: { getRuntime(): Runtime | Promise<Runtime> } & {
    [Name in Method]?: (runtime: Runtime) => unknown;
  },
): Record<string, (query: object) => Promise<unknown>> {
  const { getRuntime, ...methods } = params;
  const lists = Object.entries(methods as Record<string, (runtime: Runtime) => unknown>).map(
    ([name, resolve]) => [
      name,
      async (query: object) => {
        const list = resolve(await getRuntime());
        return typeof list === "function" ? ((await list(query)) as unknown) : name === "self" ? null : [];
      },
    ],
  );
  return Object.fromEntries(lists) as Record<string, (query: object) => Promise<unknown>>;
}
