/** What plugins bring to search and read the web: for plugins (`api.runtime.webSearch`) and as agents' tools. */
export type { PluginRuntimeWebSearch, WebSearchRooms } from "./ask-web.ts";
export { webSearchNamespace } from "./ask-web.ts";
export { webFetchTool, webSearchTool } from "./tool.ts";
