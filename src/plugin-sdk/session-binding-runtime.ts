export { getSessionBindingService } from "./bindings/session-bindings.ts";
