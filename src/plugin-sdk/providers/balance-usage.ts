import { isRecord } from "../values/records.ts";
import {
  buildUsageErrorSnapshot,
  buildUsageHttpErrorSnapshot,
  fetchJson,
  PROVIDER_LABELS,
  type ProviderUsageSnapshot,
} from "./usage.ts";

const PROVIDER = "deepseek";
const BALANCE_URL = "https://api.deepseek.com/user/balance";
const SYMBOLS: Readonly<Record<string, string>> = { CNY: "¥", USD: "$" };

/** What is left of a prepaid account, in one line for each currency. */
export async function fetchDeepSeekUsage(
  apiKey: string,
  timeoutMs: number,
  fetchFn: typeof fetch,
): Promise<ProviderUsageSnapshot> {
  const headers = { Authorization: `Bearer ${apiKey}`, Accept: "application/json" };
  const response = await fetchJson(BALANCE_URL, { method: "GET", headers }, timeoutMs, fetchFn);
  if (!response.ok) return buildUsageHttpErrorSnapshot({ provider: PROVIDER, status: response.status });
  const answer: unknown = await response.json().catch(() => undefined);
  const rows = isRecord(answer) && Array.isArray(answer["balance_infos"]) ? answer["balance_infos"] : [];
  const summary = rows.filter(isRecord).map(lineOf).filter(Boolean).join(" · ");
  if (summary === "") return buildUsageErrorSnapshot(PROVIDER, "No balance data");
  const usable = !isRecord(answer) || answer["is_available"] !== false;
  return {
    provider: PROVIDER,
    displayName: PROVIDER_LABELS[PROVIDER] ?? PROVIDER,
    windows: [],
    summary: usable ? summary : `${summary} · not available`,
  };
}

function lineOf(row: Record<string, unknown>): string {
  const total = amountOf(row["total_balance"]);
  if (total === undefined) return "";
  const currency = typeof row["currency"] === "string" ? row["currency"].trim().toUpperCase() : "";
  const money = (amount: number) =>
    SYMBOLS[currency]
      ? `${SYMBOLS[currency]}${amount.toFixed(2)}`
      : `${amount.toFixed(2)} ${currency}`.trim();
  const parts = [`Balance ${money(total)}`];
  const granted = amountOf(row["granted_balance"]);
  const paid = amountOf(row["topped_up_balance"]);
  if (granted) parts.push(`Granted ${money(granted)}`);
  if (paid && paid !== total) parts.push(`Topped up ${money(paid)}`);
  return parts.join(" · ");
}

function amountOf(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const amount = Number(value);
  return Number.isFinite(amount) ? amount : undefined;
}
