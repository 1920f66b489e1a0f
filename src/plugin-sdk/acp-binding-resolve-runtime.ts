export { resolveConfiguredAcpBindingRecord } from "./bindings/binding-routes.ts";
