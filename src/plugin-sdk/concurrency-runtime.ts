export { runTasksWithConcurrency } from "./values/async.ts";
