export {
  ensureConfiguredBindingRouteReady,
  inspectRuntimeConversationBindingRoute,
  resolveConfiguredBindingRoute,
  resolveRuntimeConversationBindingRoute,
} from "./bindings/binding-routes.ts";
export { getSessionBindingService, isPluginOwnedSessionBindingRecord } from "./bindings/session-bindings.ts";
