import { fetchWithSsrFGuard, type GuardedFetchOptions } from "../../runtime/egress/index.ts";
import { normalizeResolvedSecretInputString } from "../secrets/secret-input.ts";
import { pruneMapToMaxSize } from "../values/collections.ts";
import { asFiniteNumber } from "../values/numbers.ts";

export const DEFAULT_SEARCH_COUNT = 5;
export const MAX_SEARCH_COUNT = 10;
export const DEFAULT_TIMEOUT_SECONDS = 30;
export const DEFAULT_CACHE_TTL_MINUTES = 15;
const MAX_CACHED = 100;

type SearchConfig = Readonly<Record<string, unknown>> | undefined;

export function resolveSearchCount(value: unknown, fallback = DEFAULT_SEARCH_COUNT): number {
  const count = asFiniteNumber(value) ?? fallback;
  return Math.max(1, Math.min(MAX_SEARCH_COUNT, Math.floor(count)));
}

export function resolveSearchTimeoutSeconds(searchConfig?: SearchConfig): number {
  const seconds = asFiniteNumber(searchConfig?.["timeoutSeconds"]);
  return seconds !== undefined && seconds > 0 ? seconds : DEFAULT_TIMEOUT_SECONDS;
}

export function resolveSearchCacheTtlMs(searchConfig?: SearchConfig): number {
  const minutes = asFiniteNumber(searchConfig?.["cacheTtlMinutes"]) ?? DEFAULT_CACHE_TTL_MINUTES;
  return Math.max(0, minutes) * 60_000;
}

export function readConfiguredSecretString(value: unknown, path: string): string | undefined {
  return normalizeResolvedSecretInputString({ value, path });
}

export function resolveSiteName(url: string | undefined): string | undefined {
  if (!url) return undefined;
  try {
    return new URL(url).hostname.replace(/^www\./, "");
  } catch {
    return undefined;
  }
}

export function buildSearchCacheKey(parts: readonly (string | number | boolean | undefined)[]): string {
  return JSON.stringify(parts.map((part) => (part === undefined ? null : String(part).trim().toLowerCase())));
}

interface Cached {
  payload: Record<string, unknown>;
  expiresAt: number;
}

/** Answers of this process; the oldest go first. */
const cache = new Map<string, Cached>();

export function readCachedSearchPayload(key: string, ttlMs?: number): Record<string, unknown> | undefined {
  if (ttlMs === 0) return undefined;
  const found = cache.get(key);
  if (!found) return undefined;
  if (found.expiresAt > Date.now()) return { ...found.payload, cached: true };
  cache.delete(key);
  return undefined;
}

export function writeCachedSearchPayload(key: string, payload: Record<string, unknown>, ttlMs: number): void {
  if (ttlMs <= 0) return;
  cache.delete(key);
  cache.set(key, { payload, expiresAt: Date.now() + ttlMs });
  pruneMapToMaxSize(cache, MAX_CACHED);
}

type EndpointRequest = Pick<GuardedFetchOptions, "url" | "init"> & {
  signal?: AbortSignal;
  timeoutSeconds?: number;
};

async function withEndpoint<T>(
  request: EndpointRequest,
  allowPrivateNetwork: boolean,
  run: (result: { response: Response; finalUrl: string }) => Promise<T>,
): Promise<T> {
  const { timeoutSeconds, ...rest } = request;
  const result = await fetchWithSsrFGuard({
    ...rest,
    ...(timeoutSeconds ? { timeoutMs: timeoutSeconds * 1_000 } : {}),
    ...(allowPrivateNetwork ? { policy: { allowPrivateNetwork: true } } : {}),
  });
  try {
    return await run(result);
  } finally {
    await result.release();
  }
}

/** A request to a search service on the public network. */
export function withTrustedWebToolsEndpoint<T>(
  request: EndpointRequest,
  run: (result: { response: Response; finalUrl: string }) => Promise<T>,
): Promise<T> {
  return withEndpoint(request, false, run);
}

/** A request to a search service of one's own, which may lie in a private network. */
export function withSelfHostedWebToolsEndpoint<T>(
  request: EndpointRequest,
  run: (result: { response: Response; finalUrl: string }) => Promise<T>,
): Promise<T> {
  return withEndpoint(request, true, run);
}

const RECENCY: Record<string, string> = { pd: "day", pw: "week", pm: "month", py: "year" };

function recencyWord(raw: string): string | undefined {
  const word = raw.trim().toLowerCase();
  if (Object.values(RECENCY).includes(word)) return word;
  return RECENCY[word];
}

/** Services that name recency by these codes instead of words. */
const CODED_RECENCY = new Set(["brave"]);

/** `day`, `week`, `month`, `year` (or `pd`…) as the service writes it; a range `a to b` for coded services. */
export function normalizeFreshness(raw: string | undefined, provider = ""): string | undefined {
  if (!raw?.trim()) return undefined;
  const word = recencyWord(raw);
  if (!CODED_RECENCY.has(provider)) return word;
  if (word) return Object.keys(RECENCY).find((code) => RECENCY[code] === word);
  const range = /^(\d{4}-\d{2}-\d{2})to(\d{4}-\d{2}-\d{2})$/.exec(raw.trim());
  const [start, end] = [normalizeToIsoDate(range?.[1]), normalizeToIsoDate(range?.[2])];
  return start && end && start <= end ? `${start}to${end}` : undefined;
}

export function normalizeToIsoDate(raw: string | undefined): string | undefined {
  const text = raw?.trim() ?? "";
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const iso = american
    ? `${american[3]}-${(american[1] as string).padStart(2, "0")}-${(american[2] as string).padStart(2, "0")}`
    : text;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso)) return undefined;
  const date = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== iso ? undefined : iso;
}

/** `2026-01-31` as `1/31/2026`; `undefined` for anything but a date of that form. */
export function isoToPerplexityDate(iso: string): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(normalizeToIsoDate(iso) ?? "");
  return match ? `${Number(match[2])}/${Number(match[3])}/${match[1]}` : undefined;
}

export interface SearchInputError {
  error: string;
  message: string;
  docs: string;
}

const DOCS = "https://docs.openclaw.ai/tools/web";

function invalid(error: string, message: string): SearchInputError {
  return { error, message, docs: DOCS };
}

/** The time limits of a search, checked; an error is an answer for the model. */
export function parseWebSearchTimeFilters(params: {
  rawFreshness?: string | undefined;
  rawDateAfter?: string | undefined;
  rawDateBefore?: string | undefined;
  freshnessProvider?: string;
  invalidFreshnessMessage?: string;
  invalidDateAfterMessage?: string;
  invalidDateBeforeMessage?: string;
  invalidDateRangeMessage?: string;
}): SearchInputError | { freshness?: string; dateAfter?: string; dateBefore?: string } {
  const { rawFreshness, rawDateAfter, rawDateBefore } = params;
  const freshness = normalizeFreshness(rawFreshness, params.freshnessProvider);
  if (rawFreshness && !freshness) {
    return invalid(
      "invalid_freshness",
      params.invalidFreshnessMessage ?? "freshness must be day, week, month or year.",
    );
  }
  if (rawFreshness && (rawDateAfter || rawDateBefore)) {
    return invalid(
      "conflicting_time_filters",
      "freshness can not be combined with date_after or date_before.",
    );
  }
  const dateAfter = normalizeToIsoDate(rawDateAfter);
  if (rawDateAfter && !dateAfter) {
    return invalid("invalid_date", params.invalidDateAfterMessage ?? "date_after must be YYYY-MM-DD.");
  }
  const dateBefore = normalizeToIsoDate(rawDateBefore);
  if (rawDateBefore && !dateBefore) {
    return invalid("invalid_date", params.invalidDateBeforeMessage ?? "date_before must be YYYY-MM-DD.");
  }
  if (dateAfter && dateBefore && dateAfter > dateBefore) {
    return invalid(
      "invalid_date_range",
      params.invalidDateRangeMessage ?? "date_after must be before date_before.",
    );
  }
  return {
    ...(freshness ? { freshness } : {}),
    ...(dateAfter ? { dateAfter } : {}),
    ...(dateBefore ? { dateBefore } : {}),
  };
}
