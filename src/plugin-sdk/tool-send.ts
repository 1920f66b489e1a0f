export { extractToolSend } from "./tools/param-readers.ts";
