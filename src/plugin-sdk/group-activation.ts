export { normalizeGroupActivation, parseActivationCommand } from "./inbound/group-activation.ts";
