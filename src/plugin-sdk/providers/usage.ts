/** How much of an account with a model provider is used up. */
export interface ProviderUsageSnapshot {
  provider: string;
  displayName: string;
  windows: { label: string; usedPercent: number; resetAt?: number }[];
  plan?: string;
  /** One line for people. */
  summary?: string;
  error?: string;
}

/** How providers are called in lists; others by their id. */
export const PROVIDER_LABELS: Readonly<Record<string, string>> = Object.freeze({
  anthropic: "Claude",
  deepseek: "DeepSeek",
  minimax: "MiniMax",
  openai: "OpenAI",
  xiaomi: "Xiaomi",
  zai: "z.ai",
});

/** Within 0 and 100; 0 for what is no number. */
export function clampPercent(value: number): number {
  return Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : 0;
}

/** A request that is given up after `timeoutMs`. */
export async function fetchJson(
  url: string,
  init: RequestInit,
  timeoutMs: number,
  fetchFn: typeof fetch,
): Promise<Response> {
  return fetchFn(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
}

export function buildUsageErrorSnapshot(provider: string, error: string): ProviderUsageSnapshot {
  return { provider, displayName: PROVIDER_LABELS[provider] ?? provider, windows: [], error };
}

export function buildUsageHttpErrorSnapshot(params: {
  provider: string;
  status: number;
  message?: string;
  /** Statuses that mean the key is refused. */
  tokenExpiredStatuses?: readonly number[];
}): ProviderUsageSnapshot {
  const { provider, status, message, tokenExpiredStatuses = [] } = params;
  if (tokenExpiredStatuses.includes(status)) return buildUsageErrorSnapshot(provider, "Token expired");
  return buildUsageErrorSnapshot(
    provider,
    message?.trim() ? `HTTP ${status}: ${message.trim()}` : `HTTP ${status}`,
  );
}

/** An amount as a server states it, as a number or in words; `undefined` for anything that is none. */
export function parseProviderUsageNonNegativeNumber(value: unknown): number | undefined {
  const text = typeof value === "string" ? value.trim() : value;
  const amount =
    text === "" || (typeof text !== "string" && typeof text !== "number") ? Number.NaN : Number(text);
  return Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}
