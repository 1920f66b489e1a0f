export { type AgentRuntimeOptions, createAgentRuntime } from "./runtime.ts";
export * from "./settings.ts";
export { SystemEvents } from "./system-events.ts";
export type * from "./types.ts";
