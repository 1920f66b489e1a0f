export { createAsyncLock } from "./values/async.ts";
