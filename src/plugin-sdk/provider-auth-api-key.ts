export { createProviderApiKeyAuthMethod } from "./providers/api-key-auth.ts";
export { normalizeSecretInput } from "./secrets/secret-input.ts";
