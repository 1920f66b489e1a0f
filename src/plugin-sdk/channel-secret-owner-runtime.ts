export { assertSecretOwnerAvailable, isSecretOwnerAvailable } from "./secrets/secret-owners.ts";
