export {
  isDangerousNameMatchingEnabled,
  resolveDangerousNameMatchingEnabled,
} from "./policy/mutable-entries.ts";
