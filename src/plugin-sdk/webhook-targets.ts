export { registerPluginHttpRoute } from "./routes/plugin-routes.ts";
export {
  canonicalizeWebhookRouteKey,
  normalizeWebhookPath,
  registerWebhookTarget,
  registerWebhookTargetWithPluginRoute,
  rejectNonPostWebhookRequest,
  resolveSingleWebhookTarget,
  resolveSingleWebhookTargetAsync,
  resolveWebhookPath,
  resolveWebhookTargets,
  resolveWebhookTargetWithAuthOrReject,
  resolveWebhookTargetWithAuthOrRejectSync,
  withResolvedWebhookRequestPipeline,
} from "./webhook/targets.ts";
