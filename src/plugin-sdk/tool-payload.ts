export { stripPlainTextToolCallBlocks } from "./text/tool-call-text.ts";
