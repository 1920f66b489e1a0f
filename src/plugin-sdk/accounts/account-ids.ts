import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "../../channels/routing/session-key.ts";
import { isRecord } from "../values/records.ts";

export { DEFAULT_ACCOUNT_ID, normalizeAccountId };

export function normalizeOptionalAccountId(value: string | undefined | null): string | undefined {
  return value?.trim() ? normalizeAccountId(value) : undefined;
}

/** The settings of an account, whatever case its key is written in. */
export function resolveAccountEntry<T>(
  accounts: Record<string, T> | undefined,
  accountId: string,
): T | undefined {
  return resolveNormalizedAccountEntry(accounts, accountId, (id) => id.trim().toLowerCase());
}

export function resolveNormalizedAccountEntry<T>(
  accounts: Record<string, T> | undefined,
  accountId: string,
  normalize: (accountId: string) => string = normalizeAccountId,
): T | undefined {
  const key = resolveAccountKey(accounts, accountId, normalize);
  return key === undefined ? undefined : accounts?.[key];
}

/** The key as the configuration writes it. */
export function resolveAccountKey<T>(
  accounts: Record<string, T> | undefined,
  accountId: string,
  normalize: (accountId: string) => string = normalizeAccountId,
): string | undefined {
  if (!isRecord(accounts)) return undefined;
  if (Object.hasOwn(accounts, accountId)) return accountId;
  const wanted = normalize(accountId);
  return Object.keys(accounts).find((key) => normalize(key) === wanted);
}

export function listConfiguredAccountIds(params: {
  accounts: Record<string, unknown> | undefined;
  normalizeAccountId?: (accountId: string) => string;
}): string[] {
  const normalize = params.normalizeAccountId ?? normalizeAccountId;
  if (!isRecord(params.accounts)) return [];
  return [...new Set(Object.keys(params.accounts).filter(Boolean).map(normalize))];
}

export function listCombinedAccountIds(params: {
  configuredAccountIds: Iterable<string>;
  additionalAccountIds?: Iterable<string>;
  implicitAccountId?: string | undefined;
  fallbackAccountIdWhenEmpty?: string | undefined;
}): string[] {
  const ids = new Set([...params.configuredAccountIds, ...(params.additionalAccountIds ?? [])]);
  if (params.implicitAccountId) ids.add(params.implicitAccountId);
  if (ids.size === 0 && params.fallbackAccountIdWhenEmpty) ids.add(params.fallbackAccountIdWhenEmpty);
  return [...ids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The configured default account if it is listed, else `default`, else the first. */
export function resolveListedDefaultAccountId(params: {
  accountIds: readonly string[];
  configuredDefaultAccountId?: string | undefined;
  allowUnlistedDefaultAccount?: boolean;
  ambiguousFallbackAccountId?: string | undefined;
  normalizeListedAccountId?: ((accountId: string) => string) | undefined;
}): string {
  const { accountIds } = params;
  const normalize = params.normalizeListedAccountId ?? normalizeAccountId;
  const preferred = params.configuredDefaultAccountId;
  if (preferred !== undefined) {
    const listed = accountIds.find((id) => normalize(id) === normalize(preferred));
    if (listed !== undefined) return listed;
    if (params.allowUnlistedDefaultAccount) return preferred;
  }
  if (accountIds.includes(DEFAULT_ACCOUNT_ID)) return DEFAULT_ACCOUNT_ID;
  if (accountIds.length > 1 && params.ambiguousFallbackAccountId) return params.ambiguousFallbackAccountId;
  return accountIds[0] ?? DEFAULT_ACCOUNT_ID;
}
