export { canResolveEnvSecretRefInReadOnlyPath } from "./secrets/configured-secret.ts";
