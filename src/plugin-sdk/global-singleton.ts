export { resolveGlobalMap, resolveGlobalSingleton } from "./values/collections.ts";
