export { resolveTargetsWithOptionalToken } from "./directory/allowlist-lookup.ts";
