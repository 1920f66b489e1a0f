/** Numbers, timer limits and instants. */
export { type ByteSizeOptions, formatByteSize } from "./values/byte-size.ts";
export * from "./values/numbers.ts";
