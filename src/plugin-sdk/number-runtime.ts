/** Numbers, timer limits and instants. */
export * from "./values/numbers.ts";
