export * from "./secret-file-runtime.ts";
export { readSecretFile } from "./secrets/secret-file.ts";
