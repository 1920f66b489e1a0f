export { createDedupeCache, resolveGlobalDedupeCache } from "./values/collections.ts";
export { createPersistentDedupeCache } from "./values/persistent-dedupe.ts";
