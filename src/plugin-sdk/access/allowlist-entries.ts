import { asOptionalRecord } from "../values/records.ts";
import { normalizeStringEntries } from "../values/strings.ts";
import { canonicalizeAllowlistWithResolvedIds, mergeAllowlist } from "./allow-from.ts";

type Resolution = { input: string; resolved: boolean; id?: string };

/** Adds the `users` of one configured conversation to a set; everybody is nobody to look up. */
export function addAllowlistUserEntriesFromConfigEntry(target: Set<string>, entry: unknown): void {
  const users = asOptionalRecord(entry)?.["users"];
  if (!Array.isArray(users)) return;
  for (const user of normalizeStringEntries(users)) if (user !== "*") target.add(user);
}

/**
 * The configured conversations with the ids of their users: beside the names they were found by (`append`),
 * or in their place (`canonicalize`). Entries without users stay the same objects.
 */
export function patchAllowlistUsersInConfigEntries<
  Entries extends Readonly<Record<string, unknown>>,
>(params: {
  entries: Entries;
  resolvedMap: ReadonlyMap<string, Resolution>;
  strategy?: "append" | "canonicalize";
  entryKey?(entry: string): string;
}): Entries {
  const patched = Object.entries(params.entries).map(([key, entry]) => {
    const record = asOptionalRecord(entry);
    const users = record?.["users"];
    if (!record || !Array.isArray(users) || users.length === 0) return [key, entry];
    return [key, { ...record, users: usersOf(users, params) }];
  });
  return Object.fromEntries(patched) as Entries;
}

function usersOf(
  users: readonly (string | number)[],
  params: {
    resolvedMap: ReadonlyMap<string, Resolution>;
    strategy?: "append" | "canonicalize";
    entryKey?(entry: string): string;
  },
): string[] {
  const { resolvedMap, entryKey } = params;
  if (params.strategy === "canonicalize") {
    return canonicalizeAllowlistWithResolvedIds({
      existing: users,
      resolvedMap,
      ...(entryKey ? { entryKey } : {}),
    });
  }
  const additions = normalizeStringEntries(users).flatMap((user) => {
    const found = resolvedMap.get(entryKey?.(user) ?? user);
    return found?.resolved && found.id ? [found.id] : [];
  });
  return mergeAllowlist({ existing: users, additions });
}

/** Entries with the ids that the platform knows them by; without a token none can be looked up. */
export async function resolveBasicAllowFromEntries(params: {
  token?: string | null | undefined;
  entries: readonly string[];
  resolveEntries(given: {
    token: string;
    entries: string[];
  }): Promise<readonly { input: string; resolved: boolean; id?: string | null }[]>;
}): Promise<{ input: string; resolved: boolean; id: string | null }[]> {
  const token = params.token?.trim();
  if (!token) return params.entries.map((input) => ({ input, resolved: false, id: null }));
  const found = await params.resolveEntries({ token, entries: [...params.entries] });
  return found.map(({ input, resolved, id }) => ({ input, resolved, id: id ?? null }));
}

/** What a person typed, as entries; the first that can not be read stops the reading. */
export function parseAllowFromEntries(
  raw: string,
  parseEntry: (entry: string) => { value: string } | { error: string },
): { entries: string[]; error?: string } {
  const entries: string[] = [];
  for (const part of raw.split(/[\n,;]+/)) {
    const entry = part.trim();
    if (entry === "") continue;
    if (entry === "*") {
      entries.push(entry);
      continue;
    }
    const parsed = parseEntry(entry);
    if ("error" in parsed) return { entries: [], error: parsed.error };
    entries.push(parsed.value);
  }
  return { entries: [...new Set(entries)] };
}
