export * from "./account-resolution.ts";
export { listConfiguredAccountIds } from "./accounts/account-ids.ts";
