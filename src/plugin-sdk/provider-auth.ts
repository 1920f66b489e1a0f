export {
  ensureAuthProfileStore,
  isProviderApiKeyConfigured,
  listProfilesForProvider,
  resolveAuthProfileOrder,
} from "./agents/auth-profiles.ts";
export { coerceSecretRef, resolveDefaultSecretProviderAlias } from "./secrets/secret-input.ts";
