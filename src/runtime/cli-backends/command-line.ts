import type { CliBackendConfig } from "../../contracts/capabilities.ts";

/** A longer prompt than this goes to standard input: systems limit the length of one argument. */
export const MAX_PROMPT_ARG_BYTES = 100_000;

/** What one run of a backend says to the program. */
export interface CliInvocation {
  readonly config: CliBackendConfig;
  readonly modelId: string;
  readonly prompt: string;
  /** Absent where the program is not to be told any. */
  readonly systemPrompt?: string;
  /** The session to begin or to resume. */
  readonly sessionId?: string;
  readonly resume: boolean;
}

export interface CommandLine {
  readonly args: readonly string[];
  readonly input: string;
  /** Placeholder in `args` for the path of a file with the instructions. */
  readonly systemPromptFile?: string;
}

/** Stands where the path of the instructions' file will be. */
export const SYSTEM_PROMPT_FILE = "\0system-prompt-file\0";

/** The arguments a run begins with, before the backend rewrites them; the placeholders stand as they are. */
export function baseArguments({
  config,
  resume,
}: Pick<CliInvocation, "config" | "resume">): readonly string[] {
  return (resume ? config.resumeArgs : undefined) ?? config.args ?? [];
}

/** The whole command line: base arguments, model, instructions, session, prompt (spec 3.17). */
export function commandLine(invocation: CliInvocation, base: readonly string[]): CommandLine {
  const { config, modelId, prompt, sessionId, resume } = invocation;
  const toStdin = config.input === "stdin" || tooLong(prompt, config.maxPromptArgChars);
  const placed = base.some((argument) => argument.includes("{prompt}"));
  const fill = (argument: string) =>
    argument
      .replaceAll("{sessionId}", () => sessionId ?? "")
      .replaceAll("{prompt}", () => (toStdin ? "" : prompt));
  const args = base.map(fill);
  if (config.modelArg) args.push(config.modelArg, modelId);
  const instructions = instructionArguments(invocation);
  args.push(...instructions);
  // A resumed session is named by the arguments that resume it.
  if (sessionId !== undefined && !(resume && config.resumeArgs))
    args.push(...(config.sessionArgs ?? []).map(fill));
  if (!toStdin && !placed) args.push(prompt);
  return {
    args,
    input: toStdin ? prompt : "",
    ...(instructions.some((argument) => argument.includes(SYSTEM_PROMPT_FILE))
      ? { systemPromptFile: invocation.systemPrompt ?? "" }
      : {}),
  };
}

function instructionArguments({ config, systemPrompt, resume }: CliInvocation): readonly string[] {
  const when = config.systemPromptWhen ?? "first";
  if (!systemPrompt || when === "never" || (when === "first" && resume)) return [];
  if (config.systemPromptFileArg) return [config.systemPromptFileArg, SYSTEM_PROMPT_FILE];
  if (config.systemPromptFileConfigArg && config.systemPromptFileConfigKey) {
    return [config.systemPromptFileConfigArg, `${config.systemPromptFileConfigKey}="${SYSTEM_PROMPT_FILE}"`];
  }
  return config.systemPromptArg ? [config.systemPromptArg, systemPrompt] : [];
}

function tooLong(prompt: string, maxChars: number | undefined): boolean {
  if (typeof maxChars === "number" && prompt.length > maxChars) return true;
  return Buffer.byteLength(prompt) > MAX_PROMPT_ARG_BYTES;
}
