export { isDangerousNameMatchingEnabled } from "./policy/mutable-entries.ts";
