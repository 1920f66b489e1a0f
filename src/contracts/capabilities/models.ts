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

/** A local AI command line as an inference backend. */
export interface CliBackend extends Identified {
  /** Same shape as `agents.defaults.cliBackends.<id>`; the user's values win. */
  config: { command: string; [key: string]: unknown };
  normalizeConfig?(config: never, context: never): unknown;
  resolveExecutionArgs?(context: never): string[] | null | undefined;
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
