export * from "./account-resolution.ts";
