export { fetchDeepSeekUsage } from "./providers/balance-usage.ts";
export {
  buildUsageErrorSnapshot,
  buildUsageHttpErrorSnapshot,
  clampPercent,
  fetchJson,
  PROVIDER_LABELS,
  type ProviderUsageSnapshot,
  parseProviderUsageNonNegativeNumber,
} from "./providers/usage.ts";
