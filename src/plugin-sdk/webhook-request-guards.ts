export {
  createFixedWindowRateLimiter,
  createWebhookInFlightLimiter,
  WEBHOOK_IN_FLIGHT_DEFAULTS,
} from "./webhook/limiters.ts";
export {
  isRequestBodyLimitError,
  readJsonBodyWithLimit,
  readJsonWebhookBodyOrReject,
  readRequestBodyWithLimit,
  readWebhookBodyOrReject,
  requestBodyErrorToText,
  runDetachedWebhookWork,
  runHttpConnectionRequest,
  sendHttpRequestRejection,
  WEBHOOK_BODY_READ_DEFAULTS,
} from "./webhook/request-body.ts";
export {
  applyBasicWebhookRequestGuards,
  beginWebhookRequestPipelineOrReject,
  installRequestBodyLimitGuard,
  isJsonContentType,
} from "./webhook/request-guards.ts";
