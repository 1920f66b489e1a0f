export { createFixedWindowRateLimiter, createWebhookInFlightLimiter } from "./webhook/limiters.ts";
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
