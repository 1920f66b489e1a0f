export { enqueueKeyedTask, KeyedAsyncQueue } from "./values/async.ts";
