export {
  classifyTransientNetworkErrorCode,
  createChannelApiRetryRunner,
  isTransientNetworkError,
  parseRetryAfterHeaderSeconds,
  resolveRetryConfig,
  retryAsync,
} from "./values/retry.ts";
