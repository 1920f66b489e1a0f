import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliBackend, CliBackendConfig, TextTransforms } from "../../contracts/capabilities.ts";
import type { ModelContext } from "../../contracts/model-stream.ts";
import type { CommandResult } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { resolveCliArguments } from "../../plugins/cli-backends.ts";
import { runCommand } from "../system/run-command.ts";
import { baseArguments, commandLine, SYSTEM_PROMPT_FILE } from "./command-line.ts";
import { CliAnswer, eventsOfLine } from "./output.ts";
import { promptOf } from "./prompt.ts";
import type { CliSessionBook } from "./session-book.ts";

/** Output of one run that is read; a program that says more is broken. */
export const MAX_CLI_OUTPUT_BYTES = 8 * 1_048_576;
/** Of a failed program's complaints, so much is repeated. */
const MAX_SHOWN_STDERR = 500;

/** The owner's own key to the gateway: a program that acts for a model gets it from nobody but the owner's settings. */
const WITHHELD = ["SLUICE_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_PASSWORD"];

/** How long a program may stay silent, from the length of a turn (spec 3.17 `reliability.watchdog`). */
export const WATCHDOGS = {
  fresh: { noOutputTimeoutRatio: 0.8, minMs: 180_000, maxMs: 600_000 },
  resume: { noOutputTimeoutRatio: 0.3, minMs: 60_000, maxMs: 180_000 },
} as const;

export type CliRunErrorCode = "CLI_BACKEND_FAILED" | "CLI_BACKEND_UNSUPPORTED";

export interface CliRun {
  readonly backend: CliBackend;
  /** Merged and normalised. */
  readonly config: CliBackendConfig;
  readonly hostConfig: Readonly<Record<string, unknown>>;
  readonly modelId: string;
  readonly context: ModelContext;
  readonly conversation: string | undefined;
  readonly thinkingLevel: string;
  readonly workspaceDir: string;
  readonly turnTimeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly sessions: CliSessionBook;
  /** Text and thoughts as they come. */
  onDelta(kind: "text" | "thinking", delta: string): void;
}

/**
 * Asks a command line once: resumes the conversation's session where the program has one, else begins one and
 * tells it what was said before. A session that cannot be resumed is begun anew.
 *
 * @throws SluiceError `CLI_BACKEND_FAILED` with what the program complained of, `COMMAND_FAILED` when it cannot start
 */
export async function runCliBackend(run: CliRun): Promise<CliAnswer> {
  const { backend, config, sessions, conversation, context } = run;
  const resumable = config.sessionMode !== "none" && Boolean(config.resumeArgs ?? config.sessionArgs);
  const known = resumable ? sessions.find(backend.id, conversation, context.messages) : undefined;
  let said = false;
  const onDelta: CliRun["onDelta"] = (kind, delta) => {
    said = true;
    run.onDelta(kind, delta);
  };
  if (known !== undefined) {
    try {
      return await attempt({ ...run, onDelta }, known, true);
    } catch (error) {
      sessions.drop(backend.id, conversation);
      if (said || run.signal?.aborted || config.freshSessionRecovery === false) throw error;
    }
  }
  const begun = config.sessionMode === "always" && config.sessionArgs ? randomUUID() : undefined;
  return attempt(run, begun, false);
}

async function attempt(run: CliRun, sessionId: string | undefined, resume: boolean): Promise<CliAnswer> {
  const { backend, config, context, sessions, conversation } = run;
  const facts = {
    config: run.hostConfig,
    workspaceDir: run.workspaceDir,
    provider: backend.id,
    modelId: run.modelId,
    thinkingLevel: run.thinkingLevel,
    executionMode: "agent" as const,
    useResume: resume,
  };
  const prepared = await prepare(backend, facts);
  const folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  try {
    await mkdir(run.workspaceDir, { recursive: true, mode: 0o700 });
    const base = resolveCliArguments(backend, { ...facts, baseArgs: baseArguments({ config, resume }) });
    const transforms = backend.textTransforms;
    const line = commandLine(
      {
        config,
        modelId: modelNameOf(run, facts),
        prompt: transformed(promptOf(context.messages, resume), transforms?.input),
        ...(context.systemPrompt
          ? { systemPrompt: transformed(context.systemPrompt, transforms?.input) }
          : {}),
        ...(sessionId === undefined ? {} : { sessionId }),
        resume,
      },
      base,
    );
    const path = join(folder, "instructions.md");
    if (line.systemPromptFile !== undefined) await writeFile(path, line.systemPromptFile, { mode: 0o600 });
    const args = line.args.map((argument) => argument.replaceAll(SYSTEM_PROMPT_FILE, () => path));
    const answer = new CliAnswer(config);
    const format = (resume ? config.resumeOutput : undefined) ?? config.output ?? "json";
    const reader = new LineReader((text) => {
      for (const event of eventsOfLine(text, backend, config, answer)) {
        const added = answer.take(event);
        // What is changed at the end is shown at the end.
        if (added !== "" && !transforms?.output?.length) run.onDelta("text", added);
        if (event.kind === "thinking") run.onDelta("thinking", event.text);
      }
    });
    const result = await runCommand(
      [config.command, ...args],
      {
        cwd: run.workspaceDir,
        input: line.input,
        baseEnv: environmentOf(run, prepared),
        noOutputTimeoutMs: silenceLimit(run, resume),
        maxOutputBytes: MAX_CLI_OUTPUT_BYTES,
        terminateOnOutputLimit: true,
        killProcessTree: true,
        ...(run.signal ? { signal: run.signal } : {}),
        ...(format === "jsonl"
          ? { onOutputChunk: ({ stream, text }) => (stream === "stdout" ? reader.add(text) : undefined) }
          : {}),
      },
      run.clock,
    );
    if (format === "jsonl") reader.end();
    else if (format === "json") answer.takeJson(result.stdout);
    else answer.text = result.stdout.trim();
    const problem = problemOf(result, answer);
    if (problem) {
      throw new SluiceError<CliRunErrorCode>("CLI_BACKEND_FAILED", `${backend.id}: ${problem}`, {
        details: { backend: backend.id, code: result.code, termination: result.termination },
      });
    }
    const session = answer.sessionId ?? sessionId;
    if (session !== undefined && config.sessionMode !== "none") {
      const said = {
        sessionId: session,
        messages: context.messages,
        answer: transformed(answer.text, transforms?.output),
      };
      sessions.keep(backend.id, conversation, said);
    }
    answer.text = transformed(answer.text, transforms?.output);
    return answer;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await prepared.cleanup?.();
  }
}

interface Prepared {
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: readonly string[];
  cleanup?(): unknown;
}

async function prepare(backend: CliBackend, facts: object): Promise<Prepared> {
  const prepared = (await backend.prepareExecution?.(facts as never)) ?? {};
  if (!isRecord(prepared)) return {};
  if (typeof prepared["execute"] === "function") {
    throw new SluiceError<CliRunErrorCode>(
      "CLI_BACKEND_UNSUPPORTED",
      `the CLI backend "${backend.id}" brings a transport of its own, which this version does not run; use a backend that starts a program`,
    );
  }
  return prepared as Prepared;
}

function modelNameOf({ backend, config, modelId }: CliRun, facts: object): string {
  const resolved = backend.resolveModelId?.(facts as never);
  const id = typeof resolved === "string" && resolved !== "" ? resolved : modelId;
  const aliases = config.modelAliases ?? {};
  return Object.hasOwn(aliases, id) ? (aliases[id] ?? id) : id;
}

function environmentOf({ env, config }: CliRun, prepared: Prepared): Record<string, string | undefined> {
  const environment = { ...env };
  const cleared = [...WITHHELD, ...(config.clearEnv ?? []), ...(prepared.clearEnv ?? [])];
  for (const name of cleared) delete environment[name];
  return { ...environment, ...config.env, ...prepared.env };
}

function silenceLimit({ config, turnTimeoutMs }: CliRun, resume: boolean): number {
  const kind = resume ? "resume" : "fresh";
  const reliability = isRecord(config["reliability"]) ? config["reliability"] : {};
  const watchdog = isRecord(reliability["watchdog"]) ? reliability["watchdog"] : {};
  const wished = isRecord(watchdog[kind]) ? watchdog[kind] : {};
  const given = (name: keyof (typeof WATCHDOGS)["fresh"]) => {
    const value = wished[name];
    return typeof value === "number" && value > 0 ? value : WATCHDOGS[kind][name];
  };
  const maxMs = given("maxMs");
  return Math.min(Math.max(Math.round(turnTimeoutMs * given("noOutputTimeoutRatio")), given("minMs")), maxMs);
}

function problemOf(
  result: CommandResult & { outputLimitExceeded?: boolean },
  answer: CliAnswer,
): string | undefined {
  if (result.outputLimitExceeded) return `it said more than ${MAX_CLI_OUTPUT_BYTES} bytes`;
  if (result.termination === "no-output-timeout") return "it said nothing for too long and was stopped";
  if (result.termination !== "exit") return "it was stopped";
  if (answer.errorText) return answer.errorText;
  if (result.code !== 0) {
    const complaint = result.stderr.trim().slice(-MAX_SHOWN_STDERR) || answer.text.slice(0, MAX_SHOWN_STDERR);
    return `it ended with code ${result.code}${complaint ? `: ${complaint}` : ""}`;
  }
  return answer.text === "" ? "it gave no answer" : undefined;
}

function transformed(text: string, rules: TextTransforms["input"]): string {
  return (rules ?? []).reduce((before, { from, to }) => {
    // A pattern that is not global changes the first place only, as its author wrote it.
    return typeof from === "string" ? before.replaceAll(from, () => to) : before.replace(from, to);
  }, text);
}

/** Cuts a stream of text into lines. */
class LineReader {
  #rest = "";
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }

  end(): void {
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }
}
