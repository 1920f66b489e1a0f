import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

/** A program that notes how it was called and answers what `SCRIPT` (JavaScript) makes of `call`. */
const program = (script: string) => `
  import { appendFileSync } from "node:fs";
  let stdin = "";
  for await (const chunk of process.stdin) stdin += chunk;
  const call = { args: process.argv.slice(2), stdin, env: process.env.GARDEN ?? "", hidden: process.env.PATH ?? "", cwd: process.cwd() };
  appendFileSync(process.env.CALLS, JSON.stringify(call) + "\\n");
  ${script}`;

const ANSWER = `console.log(JSON.stringify({ session_id: "s-1", result: "heard " + call.args.at(-1), usage: { input_tokens: 3, output_tokens: 2 } }));`;

interface Wishes {
  script?: string;
  config?: string;
  members?: string;
  head?: string;
  user?: Record<string, unknown>;
  manifest?: Record<string, unknown>;
  more?: string;
}

/** A gateway whose model is `my-cli/gpt-5`, a node script. */
async function garden(wishes: Wishes = {}) {
  const folder = await temporaryFolder();
  const calls = join(folder, "calls.jsonl");
  const base = await contract(
    {
      files: { "cli.mjs": program(wishes.script ?? ANSWER) },
      manifest: { cliBackends: ["my-cli"], ...wishes.manifest },
      register: `
        api.on("llm_input", (event) => { seen.push(event.systemPrompt); });
        ${wishes.more ?? ""}
        api.registerCliBackend({ id: "my-cli", ${wishes.members ?? ""}
          config: { command: process.execPath, args: [api.resolvePath("cli.mjs")],
            env: { CALLS: ${JSON.stringify(calls)}, GARDEN: "plugin" }, ${wishes.config ?? ""} } });`,
    },
    {
      folder,
      config: {
        agents: {
          defaults: {
            model: "my-cli/gpt-5",
            ...(wishes.user ? { cliBackends: { "my-cli": wishes.user } } : {}),
          },
        },
      },
    },
  );
  return {
    ...base,
    calls: async () =>
      (await readFile(calls, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
  };
}

describe("a local command line as a model", () => {
  it("[F033] [F087] [F088] its id is the prefix of its models, and it is called as its settings say", async () => {
    const { say, calls, call, stateDir } = await garden({
      config: `modelArg: "--model", modelAliases: { "gpt-5": "five" }, systemPromptArg: "--system", clearEnv: ["PATH"],`,
    });
    expect(await say("hello")).toBe("heard hello");
    const [first] = await calls();
    expect(first.args.slice(0, 3)).toEqual(["--model", "five", "--system"]);
    expect(first.args[3]).toContain("personal assistant");
    expect(first).toMatchObject({ env: "plugin", hidden: "", cwd: join(stateDir, "workspace"), stdin: "" });
    const { capabilities, plugin, diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(capabilities).toEqual([{ kind: "cli-backend", ids: ["my-cli"] }]);
    expect(plugin.cliBackendIds).toEqual(["my-cli"]);
    expect(diagnostics).toEqual([]);
  });

  it("[F089] [F090] [F091] the user's settings win, are normalised, and arguments follow the thinking level", async () => {
    const { say, calls } = await garden({
      user: { env: { GARDEN: "user" }, modelArg: "-m" },
      members: `
        normalizeConfig: (config, { backendId }) => ({ ...config, args: [...config.args, "--old-" + backendId] }),
        resolveExecutionArgs: ({ baseArgs, thinkingLevel, executionMode, useResume, modelId, provider }) =>
          [...baseArgs, [executionMode, thinkingLevel, useResume, provider, modelId].join()],`,
    });
    expect(await say("hi")).toBe("heard hi");
    expect(await calls()).toMatchObject([
      { env: "user", args: ["--old-my-cli", "agent,off,false,my-cli,gpt-5", "-m", "gpt-5", "hi"] },
    ]);
  });

  it("[F033] a conversation goes on in the program's session, and begins anew where that is lost", async () => {
    const { say, calls } = await garden({
      script: `
        if (call.args.includes("--resume") && call.args.at(-1) === "third") { console.error("no such session"); process.exit(3); }
        ${ANSWER}`,
      config: `resumeArgs: [api.resolvePath("cli.mjs"), "--resume", "{sessionId}"], systemPromptArg: "--system",`,
    });
    await say("first");
    expect(await say("second")).toBe("heard second");
    expect(await say("third")).toContain("The message to answer:\n\nthird");
    const [, second, failed, anew] = await calls();
    expect(second.args).toEqual(["--resume", "s-1", "second"]);
    expect(failed.args).toEqual(["--resume", "s-1", "third"]);
    expect(anew.args).not.toContain("--resume");
    expect(anew.args.at(-1)).toContain("User: first\n\nAssistant: heard first\n\nUser: second");
  });

  it("[F033] lines of JSON are shown as they come, by a dialect or the backend's own reader", async () => {
    const { say, client } = await garden({
      script: `
        const line = (value) => console.log(JSON.stringify(value));
        line({ type: "system", subtype: "init", session_id: "s-2" });
        for (const text of ["good ", "mörning"]) line({ type: "stream_event", event: { delta: { type: "text_delta", text } } });
        line({ type: "result", is_error: false, result: "good mörning", usage: { input_tokens: 1, output_tokens: 2 } });`,
      config: `output: "jsonl", jsonlDialect: "claude-stream-json", input: "stdin",`,
    });
    expect(await say("hi")).toBe("good mörning");
    const deltas = client.frames.filter(
      ({ event, payload }) => event === "agent" && payload.stream === "assistant",
    );
    expect(deltas.map(({ payload }) => payload.data.text).at(-1)).toBe("good mörning");
    const own = await garden({
      script: `console.log("SAY one"); console.log("SAY two"); console.log("ID s-9");`,
      config: `output: "jsonl",`,
      members: `parseJsonlEvent: (line, { backendId }) => line.startsWith("SAY ")
        ? [{ kind: "text", text: line.slice(4) + " by " + backendId + ";" }] : { kind: "sessionId", sessionId: line.slice(3) },`,
    });
    expect(await own.say("hi")).toBe("one by my-cli;two by my-cli;");
  });

  it("[F057] [F060] guidance for command lines reaches them, that for the main prompt does not", async () => {
    const { say, seen } = await garden({
      more: `api.registerCommand({ name: "plan", description: "d", handler() {}, agentPromptGuidance: ["FOR ALL",
        { text: "FOR CLI", surfaces: ["cli_backend"] }, { text: "FOR MAIN", surfaces: ["openclaw_main"] }, { text: "FOR CODEX", surfaces: ["codex_app_server"] }] });`,
    });
    await say("hi");
    const [prompt] = await seen();
    expect(prompt).toContain("FOR ALL\nFOR CLI");
    expect(prompt).not.toContain("FOR MAIN");
    expect(prompt).not.toContain("FOR CODEX");
    expect(prompt).not.toContain("You can call these tools");
  });

  it("[F033] what goes wrong is said: no such program, an exit code, an error in the answer, a foreign transport", async () => {
    const failing = await garden({ script: `console.error("quota is used up"); process.exit(7);` });
    expect(await failing.say("hi")).toMatch(/my-cli.*code 7.*quota is used up/s);
    const missing = await garden({ user: { command: "/nowhere/to-be-found" } });
    expect(await missing.say("hi")).toContain("cannot start /nowhere/to-be-found");
    const reporting = await garden({
      script: `console.log(JSON.stringify({ is_error: true, result: "not signed in" }));`,
    });
    expect(await reporting.say("hi")).toContain("my-cli: not signed in");
    const foreign = await garden({ members: `prepareExecution: async () => ({ execute() {} }),` });
    expect(await foreign.say("hi")).toContain("a transport of its own");
  });
});
