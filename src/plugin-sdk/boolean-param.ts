export { readBooleanParam } from "./tools/param-readers.ts";
