/** The face of the room; the rest is private to it. */
export { type BuiltPlugin, buildPlugin } from "./build.ts";
export type { CheckResult } from "./check.ts";
export { serveContractRun } from "./contract-process.ts";
export { type CreatedPlugin, createPlugin } from "./create.ts";
export { type PackedPlugin, packPlugin } from "./pack.ts";
export { SHAPES } from "./shapes.ts";
export { type ApartOptions, type ApartResult, testPluginApart } from "./test-apart.ts";
export { type ContractReport, testPlugin } from "./test-plugin.ts";
export { type LinkedTypes, linkTypes } from "./types-link.ts";
export { type ValidationReport, validatePlugin } from "./validate.ts";
