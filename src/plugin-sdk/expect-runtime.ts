export { expectDefined } from "./values/collections.ts";
