export { parseAccessGroupAllowFromEntry } from "./values/text.ts";
