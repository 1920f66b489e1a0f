export { jsonResult, textResult } from "./tools/results.ts";
