export {
  coerceSecretRef,
  hasConfiguredSecretInput,
  isBuiltInDefaultSecretProviderRef,
  isSecretRef,
  isValidSecretRef,
  normalizeResolvedSecretInputString,
  normalizeSecretInput,
  normalizeSecretInputString,
  readProviderEnvValue,
  resolveSecretInputString,
  type SecretInputResolution,
  type SecretRef,
} from "./secrets/secret-input.ts";
export {
  buildOptionalSecretInputSchema,
  buildSecretInputArraySchema,
  buildSecretInputSchema,
  registerSensitiveConfigSchema,
} from "./secrets/secret-schemas.ts";
