import type { Identified, LabelledProvider } from "./identity.ts";

/** Rows of a provider's models, apart from the provider itself (spec 3.3). */
export interface ModelCatalogProvider {
  provider: string;
  kinds: string[];
  staticCatalog?(context: never): unknown;
  liveCatalog?(context: never): unknown;
}

/** Makes a summary of a transcript. */
export interface CompactionProvider extends LabelledProvider {
  summarize(params: never): Promise<string> | string;
}

/** How a CLI backend is called; `agents.defaults.cliBackends.<id>` of the user lies over it (spec 3.17). */
export interface CliBackendConfig {
  command: string;
  /** Arguments of every run. `{prompt}` and `{sessionId}` are filled in. */
  args?: string[];
  /** What it prints: one JSON object (default), plain text, or a JSON object a line. */
  output?: "json" | "text" | "jsonl";
  /** The same for a run that resumes a session; default as `output`. */
  resumeOutput?: "json" | "text" | "jsonl";
  jsonlDialect?: "claude-stream-json" | "gemini-stream-json";
  /** Where the prompt goes; default the last argument. */
  input?: "arg" | "stdin";
  /** A longer prompt goes to standard input. */
  maxPromptArgChars?: number;
  env?: Record<string, string>;
  /** Variables of the gateway that it must not see. */
  clearEnv?: string[];
  modelArg?: string;
  /** Names of models as the program knows them. */
  modelAliases?: Record<string, string>;
  sessionArgs?: string[];
  /** In place of `args` for a session that goes on. */
  resumeArgs?: string[];
  /** `always`: every new session gets an id; `existing` (default): only one that the program gave. */
  sessionMode?: "always" | "existing" | "none";
  /** Fields of its answer that hold the session's id. */
  sessionIdFields?: string[];
  systemPromptArg?: string;
  /** The instructions are written to a file, whose path follows this argument. */
  systemPromptFileArg?: string;
  /** The same as a setting: `<arg> <key>="<path>"`. */
  systemPromptFileConfigArg?: string;
  systemPromptFileConfigKey?: string;
  systemPromptWhen?: "first" | "always" | "never";
  /** Runs of all conversations one after the other. */
  serialize?: boolean;
  /** Without it a session that cannot be resumed begins anew with what was said before. */
  freshSessionRecovery?: boolean;
  [key: string]: unknown;
}

/** What one line of a backend's output means. */
export type CliBackendEvent =
  | { kind: "text"; text: string }
  | { kind: "thinking"; text: string }
  | { kind: "sessionId"; sessionId: string }
  | {
      kind: "result";
      text?: string;
      sessionId?: string;
      usage?: Record<string, unknown>;
      errorText?: string;
    }
  | { kind: "toolStart" | "toolResult"; [field: string]: unknown };

/** A local AI command line as an inference backend. Its models are `<id>/<model>`; it works with its own tools. */
export interface CliBackend extends Identified {
  /** Same shape as `agents.defaults.cliBackends.<id>`; the user's values win. */
  config: CliBackendConfig;
  normalizeConfig?(config: never, context: never): unknown;
  /** The arguments of one run in place of `baseArgs`; null leaves them. */
  resolveExecutionArgs?(context: never): string[] | null | undefined;
  /** What one run needs besides; `cleanup` is called when it has ended. */
  prepareExecution?(context: never): unknown;
  resolveModelId?(context: never): string | null | undefined;
  transformSystemPrompt?(context: never): string | null | undefined;
  /** Reads one line of a `jsonl` output. */
  parseJsonlEvent?(
    line: string,
    context: { backendId: string; backend: CliBackendConfig },
  ): CliBackendEvent | readonly CliBackendEvent[] | null | undefined;
  textTransforms?: TextTransforms;
  sideQuestionToolMode?: "disabled";
  nativeToolMode?: "none" | "always-on" | "selectable";
}

/** Replacements in the prompts (`input`) and answers (`output`) of the plugin's models. */
export interface TextTransforms {
  input?: { from: string | RegExp; to: string }[];
  output?: { from: string | RegExp; to: string }[];
}

/** Executes whole agent attempts in place of the gateway. */
export interface AgentHarness extends Identified {
  supports(context: never): unknown;
  runAttempt(params: never): Promise<unknown>;
}
