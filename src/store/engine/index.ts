export { openDatabase } from "./client.ts";
export type * from "./types.ts";
