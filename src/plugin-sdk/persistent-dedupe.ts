export { resolvePersistentDedupePluginStateNamespace } from "./values/persistent-dedupe.ts";
