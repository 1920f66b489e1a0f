/** The face of the room; the rest is private to it. */
export type { CheckResult } from "./check.ts";
export { type CreatedPlugin, createPlugin } from "./create.ts";
export { SHAPES } from "./shapes.ts";
export { type ContractReport, testPlugin } from "./test-plugin.ts";
