export { resolveRequestClientIp } from "./net/client-address.ts";
export { rawDataToString } from "./net/websocket-data.ts";
export { normalizePluginHttpPath, registerPluginHttpRoute } from "./routes/plugin-routes.ts";
export {
  createBoundedCounter,
  createWebhookAnomalyTracker,
  WEBHOOK_ANOMALY_COUNTER_DEFAULTS,
  WEBHOOK_ANOMALY_STATUS_CODES,
} from "./webhook/anomalies.ts";
export {
  createAuthRateLimiter,
  createFixedWindowRateLimiter,
  createWebhookInFlightLimiter,
  WEBHOOK_IN_FLIGHT_DEFAULTS,
  WEBHOOK_RATE_LIMIT_DEFAULTS,
} from "./webhook/limiters.ts";
export {
  DEFAULT_WEBHOOK_BODY_TIMEOUT_MS,
  DEFAULT_WEBHOOK_MAX_BODY_BYTES,
  isRequestBodyLimitError,
  readJsonBodyWithLimit,
  readJsonWebhookBodyOrReject,
  readRequestBodyWithLimit,
  readWebhookBodyOrReject,
  requestBodyErrorToText,
  WEBHOOK_BODY_READ_DEFAULTS,
} from "./webhook/request-body.ts";
export {
  applyBasicWebhookRequestGuards,
  beginWebhookRequestPipelineOrReject,
  isJsonContentType,
} from "./webhook/request-guards.ts";
export {
  canonicalizeWebhookRouteKey,
  normalizeWebhookPath,
  registerWebhookTarget,
  registerWebhookTargetWithPluginRoute,
  resolveSingleWebhookTarget,
  resolveSingleWebhookTargetAsync,
  resolveWebhookPath,
  resolveWebhookTargets,
  resolveWebhookTargetWithAuthOrReject,
  resolveWebhookTargetWithAuthOrRejectSync,
  withResolvedWebhookRequestPipeline,
} from "./webhook/targets.ts";
