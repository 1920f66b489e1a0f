import { describe, expect, it } from "vitest";
import type { CliBackend, CliBackendConfig } from "../../../src/contracts/capabilities.ts";
import type { AssistantMessage, Message } from "../../../src/contracts/messages.ts";
import { emptyUsage } from "../../../src/contracts/messages.ts";
import {
  baseArguments,
  commandLine,
  MAX_PROMPT_ARG_BYTES,
  SYSTEM_PROMPT_FILE,
} from "../../../src/runtime/cli-backends/command-line.ts";
import { CliAnswer, eventsOfLine } from "../../../src/runtime/cli-backends/output.ts";
import { MAX_RESEED_CHARS, promptOf } from "../../../src/runtime/cli-backends/prompt.ts";
import { CliSessionBook, MAX_CLI_SESSIONS } from "../../../src/runtime/cli-backends/session-book.ts";

const user = (content: string): Message => ({ role: "user", content, timestamp: 0 });
const answered = (text: string): AssistantMessage => ({
  role: "assistant",
  content: [{ type: "text", text }],
  api: "cli",
  provider: "p",
  model: "m",
  usage: emptyUsage(),
  stopReason: "stop",
  timestamp: 0,
});

describe("the command line of a run", () => {
  const lineOf = (config: Partial<CliBackendConfig>, more: object = {}) => {
    const invocation = {
      config: { command: "x", ...config },
      modelId: "m",
      prompt: "hi {sessionId}",
      systemPrompt: "be kind",
      resume: false,
      ...more,
    };
    return commandLine(invocation, baseArguments(invocation));
  };

  it("fills placeholders once, and puts the prompt last where no place is named for it", () => {
    expect(lineOf({ args: ["-p"] }).args).toEqual(["-p", "hi {sessionId}"]);
    expect(lineOf({ args: ["--prompt={prompt}", "--id", "{sessionId}"] }, { sessionId: "s" }).args).toEqual([
      "--prompt=hi {sessionId}",
      "--id",
      "s",
    ]);
  });

  it("names the session by sessionArgs, or by the arguments that resume it", () => {
    const config = { args: ["a"], sessionArgs: ["--session", "{sessionId}"] };
    expect(lineOf(config, { sessionId: "s" }).args.slice(0, 3)).toEqual(["a", "--session", "s"]);
    const resumable = { ...config, resumeArgs: ["resume", "{sessionId}"] };
    expect(lineOf(resumable, { sessionId: "s", resume: true }).args.slice(0, 2)).toEqual(["resume", "s"]);
    expect(lineOf(config, { sessionId: "s", resume: true }).args.slice(0, 3)).toEqual([
      "a",
      "--session",
      "s",
    ]);
  });

  it("gives instructions at the first run, at every one, or never, in an argument or a file", () => {
    const config = { systemPromptArg: "--system" };
    expect(lineOf(config).args).toContain("be kind");
    expect(lineOf(config, { resume: true }).args).not.toContain("be kind");
    expect(lineOf({ ...config, systemPromptWhen: "always" }, { resume: true }).args).toContain("be kind");
    expect(lineOf({ ...config, systemPromptWhen: "never" }).args).not.toContain("be kind");
    expect(lineOf({ systemPromptFileArg: "--file" })).toMatchObject({
      args: ["--file", SYSTEM_PROMPT_FILE, "hi {sessionId}"],
      systemPromptFile: "be kind",
    });
    const asSetting = { systemPromptFileConfigArg: "-c", systemPromptFileConfigKey: "instructions" };
    expect(lineOf(asSetting).args[1]).toBe(`instructions="${SYSTEM_PROMPT_FILE}"`);
  });

  it("sends a prompt that is too long for an argument to standard input", () => {
    const fits = "x".repeat(MAX_PROMPT_ARG_BYTES);
    expect(lineOf({}, { prompt: fits })).toEqual({ args: [fits], input: "" });
    expect(lineOf({}, { prompt: `${fits}x` })).toEqual({ args: [], input: `${fits}x` });
    expect(lineOf({ maxPromptArgChars: 2 }, { prompt: "abc" })).toEqual({ args: [], input: "abc" });
    expect(lineOf({ input: "stdin" }, { prompt: "abc" })).toEqual({ args: [], input: "abc" });
  });
});

describe("what a program prints", () => {
  const read = (config: Partial<CliBackendConfig>, lines: unknown[]) => {
    const full = { command: "x", ...config };
    const backend = { id: "x", config: full } as CliBackend;
    const answer = new CliAnswer(full);
    for (const line of lines) {
      for (const event of eventsOfLine(JSON.stringify(line), backend, full, answer)) answer.take(event);
    }
    return answer;
  };
  const whole = (output: string, config: Partial<CliBackendConfig> = {}) => {
    const answer = new CliAnswer({ command: "x", ...config });
    answer.takeJson(output);
    return answer;
  };

  it("is one JSON value by default, whose text and session stand in usual fields", () => {
    expect(whole('{"response":"hi","sessionId":"s"}')).toMatchObject({ text: "hi", sessionId: "s" });
    expect(
      whole('{"message":{"content":[{"text":"a"},{"text":"b"}]},"chat":"c"}', { sessionIdFields: ["chat"] }),
    ).toMatchObject({ text: "ab", sessionId: "c" });
    expect(
      whole('[{"type":"system","message":"starting","session_id":"s"},{"type":"result","result":"hi"}]'),
    ).toMatchObject({
      text: "hi",
      sessionId: "s",
    });
    expect(whole(" not json ")).toMatchObject({ text: "not json" });
    expect(whole("42").text).toBe("");
  });

  it("may be lines of a known dialect, or of none", () => {
    const codex = read({}, [
      { type: "thread.started", thread_id: "t" },
      { type: "item.completed", item: { type: "reasoning", text: "hm" } },
      { type: "item.completed", item: { type: "agent_message", text: "one" } },
      { type: "item.completed", item: { type: "agent_message", text: "two" } },
      { type: "turn.completed", usage: { input_tokens: 5, cached_input_tokens: 1, output_tokens: 2 } },
    ]);
    expect(codex).toMatchObject({
      text: "one\n\ntwo",
      sessionId: "t",
      usage: { input: 5, output: 2, cacheRead: 1, totalTokens: 8 },
    });
    const gemini = read({ jsonlDialect: "gemini-stream-json" }, [
      { type: "init", session_id: "g" },
      { type: "message", role: "user", content: "hi" },
      { type: "message", role: "assistant", content: "hel", delta: true },
      { type: "message", role: "assistant", content: "lo", delta: true },
      { type: "result", status: "success", stats: { input_tokens: 1, output_tokens: 1 } },
    ]);
    expect(gemini).toMatchObject({ text: "hello", sessionId: "g" });
    const failed = read({ jsonlDialect: "claude-stream-json" }, [
      { type: "result", is_error: true, result: "no credit" },
    ]);
    expect(failed.errorText).toBe("no credit");
  });
});

describe("a conversation and its session in a program", () => {
  it("is resumed only while the program heard everything but the last message", () => {
    const book = new CliSessionBook();
    const messages = [user("one")];
    book.keep("cli", "c", { sessionId: "s", messages, answer: "1" });
    expect(book.find("cli", "c", [...messages, answered("1"), user("two")])).toBe("s");
    expect(book.find("cli", "c", [...messages, answered("changed"), user("two")])).toBeUndefined();
    expect(
      book.find("cli", "c", [...messages, answered("1"), user("two"), answered("2"), user("x")]),
    ).toBeUndefined();
    expect(book.find("other", "c", [...messages, answered("1"), user("two")])).toBeUndefined();
    book.drop("cli", "c");
    expect(book.find("cli", "c", [...messages, answered("1"), user("two")])).toBeUndefined();
  });

  it("is forgotten when there are too many", () => {
    const book = new CliSessionBook();
    const known = (name: string) =>
      book.find("cli", name, [user("q"), answered("a"), user("b")]) !== undefined;
    for (let index = 0; index <= MAX_CLI_SESSIONS; index++) {
      book.keep("cli", `c${index}`, { sessionId: "s", messages: [user("q")], answer: "a" });
    }
    expect([known("c0"), known("c1"), known(`c${MAX_CLI_SESSIONS}`)]).toEqual([false, true, true]);
  });

  it("tells a new session what was said before, the end of it when it is long", () => {
    expect(promptOf([user("hi")], false)).toBe("hi");
    const messages = [user("a".repeat(MAX_RESEED_CHARS)), answered("ok"), user("now")];
    expect(promptOf(messages, true)).toBe("now");
    const anew = promptOf(messages, false);
    expect(anew).toContain("…");
    expect(anew).toContain("Assistant: ok");
    expect(anew.endsWith("now")).toBe(true);
    expect(anew.length).toBeLessThan(MAX_RESEED_CHARS + 100);
  });
});
