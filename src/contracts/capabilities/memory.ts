/** Lines of the prompt, built synchronously. */
export type MemoryPromptBuilder = (params: {
  availableTools: Set<string>;
  citationsMode?: string;
  agentId?: string;
  agentSessionKey?: string;
  sandboxed?: boolean;
}) => string[];

/** Lines of the prompt, prepared once per run and allowed to wait. */
export type MemoryPromptPreparation = (params: never) => Promise<string[] | undefined>;

/** When a session writes its memories down before it is compacted, and with which words. */
export interface MemoryFlushPlan {
  softThresholdTokens: number;
  forceFlushTranscriptBytes: number;
  reserveTokensFloor: number;
  /** Pins the flush turn to exactly this `provider/model`. */
  model?: string;
  prompt: string;
  systemPrompt: string;
  relativePath: string;
}

/** The flush plan in force; null when there is none. */
export type MemoryFlushPlanResolver = (params: {
  cfg?: Readonly<Record<string, unknown>>;
  nowMs?: number;
  contextWindowTokens?: number;
}) => MemoryFlushPlan | null;

/** The plugin's own access to its memory, for those that search it. */
export interface MemoryRuntimeAdapter {
  getMemorySearchManager(params: never): unknown;
  resolveMemoryBackendConfig(params: never): unknown;
}

/** The exclusive memory of the gateway. */
export interface MemoryCapability {
  promptBuilder?: MemoryPromptBuilder;
  flushPlanResolver?: MemoryFlushPlanResolver;
  runtime?: MemoryRuntimeAdapter;
  publicArtifacts?: { listArtifacts(params: never): unknown };
  deterministicRecallToolName?: string;
  supportsPrivateTranscriptRecall?: boolean;
}

/** A corpus of its own for memory search and memory get. */
export interface MemoryCorpusSupplement {
  search(params: never): unknown;
  get(params: never): unknown;
}

/** Makes the engine that assembles and compacts the context of sessions (spec 3.15). */
export type ContextEngineFactory = (context: {
  config?: Readonly<Record<string, unknown>>;
  agentDir?: string;
  workspaceDir?: string;
}) => unknown;
