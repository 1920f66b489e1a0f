export * from "./secret-file-runtime.ts";
