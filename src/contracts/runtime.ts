import type { PluginRuntimeAgent } from "./runtime/agent.ts";
import type { PluginRuntimeConfig } from "./runtime/config.ts";
import type {
  PluginRuntimeLogging,
  PluginRuntimeModelAuth,
  PluginRuntimeModelConfig,
  PluginRuntimeSystem,
} from "./runtime/host.ts";
import type { PluginRuntimeState } from "./runtime/state.ts";
import type { PluginRuntimeEvents, PluginRuntimeLlm, PluginRuntimeSubagent } from "./runtime/turns.ts";
import type { PluginRuntimeTasks } from "./task-flows.ts";
import type { AgentTool } from "./tool.ts";

export type * from "./runtime/agent.ts";
export type * from "./runtime/config.ts";
export type * from "./runtime/host.ts";
export type * from "./runtime/state.ts";
export type * from "./runtime/turns.ts";

/**
 * `api.runtime`: what the host gives back to a plugin (spec 4, plugin-sdk Appendix A). A member that this
 * version does not have throws an error with its name when it is used; it is never silently undefined.
 */
export interface PluginRuntime {
  readonly version: string;
  readonly config: PluginRuntimeConfig;
  readonly state: PluginRuntimeState;
  readonly agent: PluginRuntimeAgent;
  readonly llm: PluginRuntimeLlm;
  readonly subagent: PluginRuntimeSubagent;
  readonly events: PluginRuntimeEvents;
  readonly logging: PluginRuntimeLogging;
  readonly modelAuth: PluginRuntimeModelAuth;
  readonly modelConfig: PluginRuntimeModelConfig;
  readonly system: PluginRuntimeSystem;
  /** Multi-step work that survives restarts, bound to a session (spec 4.6). */
  readonly tasks: PluginRuntimeTasks;
  /** Older name of `tasks.managedFlows`. */
  readonly taskFlow: PluginRuntimeTasks["managedFlows"];
  /** Present when a channel plugin is loaded (spec 1.19). */
  readonly channel: Readonly<Record<string, unknown>>;
  readonly tools: Readonly<Record<string, (...args: never[]) => AgentTool | null | undefined>>;
  /** Speech: `textToSpeech`, `textToSpeechTelephony`, `listVoices` (spec 4.7). */
  readonly tts: RuntimeFunctions;
  /** What a file is: `detectMime`, `mediaKindFromMime`, `isVoiceCompatibleAudio`, `getImageMetadata` (spec 4.11). */
  readonly media: RuntimeFunctions;
  /** `describeImageFile`, `transcribeAudioFile`, `describeVideoFile`, `runFile`, `extractStructuredWithModel` (spec 4.8). */
  readonly mediaUnderstanding: RuntimeFunctions;
  /** `generate`, `listProviders` (spec 4.9). */
  readonly imageGeneration: RuntimeFunctions;
  readonly videoGeneration: RuntimeFunctions;
  readonly musicGeneration: RuntimeFunctions;
  /** `listProviders`, `search` (spec 4.10). */
  readonly webSearch: RuntimeFunctions;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters are those of the spec section named at the member
type RuntimeFunctions = Readonly<Record<string, (...args: any[]) => any>>;
