export { coerceSecretRef } from "./secrets/secret-input.ts";
