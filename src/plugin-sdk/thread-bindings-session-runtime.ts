export {
  registerSessionBindingAdapter,
  unregisterSessionBindingAdapter,
} from "./bindings/session-bindings.ts";
export {
  resolveThreadBindingExpiry,
  resolveThreadBindingFarewellText,
  resolveThreadBindingLifecycle,
} from "./bindings/thread-bindings.ts";
