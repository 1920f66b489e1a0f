export { resolveConfiguredSecretInputString } from "./secrets/configured-secret.ts";
export {
  coerceSecretRef,
  hasConfiguredSecretInput,
  isSecretRef,
  normalizeResolvedSecretInputString,
  normalizeSecretInputString,
  resolveSecretInputString,
} from "./secrets/secret-input.ts";
