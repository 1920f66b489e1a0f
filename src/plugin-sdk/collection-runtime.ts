export { pruneMapToMaxSize } from "./values/collections.ts";
