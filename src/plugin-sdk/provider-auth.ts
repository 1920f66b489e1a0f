export {
  ensureAuthProfileStore,
  isProviderApiKeyConfigured,
  listProfilesForProvider,
  resolveAuthProfileOrder,
} from "./agents/auth-profiles.ts";
export { coerceSecretRef } from "./secrets/secret-input.ts";
