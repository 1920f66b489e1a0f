export { inspectConversationBinding } from "./bindings/binding-routes.ts";
