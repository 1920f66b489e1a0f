export { resolveProviderIdForAuth } from "./agents/auth-profiles.ts";
