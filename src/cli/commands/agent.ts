import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { RpcClient } from "../client/rpc-client.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { withSomeGateway } from "../some-gateway.ts";
import { showQuestions } from "./agent-questions.ts";

interface AgentOptions {
  message: string;
  sessionKey: string;
  model?: string;
  thinking?: string;
  local?: boolean;
}

interface AgentResult {
  runId: string;
  status: string;
  summary?: string;
  result?: { payloads?: { text?: string }[] };
}

export const DEFAULT_SESSION_KEY = "agent:main:main";

export function registerAgent(program: Command, environment: CliEnvironment): void {
  program
    .command("agent")
    .description("send a message to the agent and print its answer")
    .requiredOption("-m, --message <text>", "what to say")
    .option("--session-key <key>", "session that takes the message", DEFAULT_SESSION_KEY)
    .option("--model <ref>", "model for this turn, as provider/model")
    .option("--thinking <level>", "how hard the model thinks")
    .option("--local", "do not look for a running gateway; start one for this message")
    .addHelpText(
      "after",
      `
Without a running gateway one is started for this message, on the same state, and stopped after it.

Examples:
  $ sluice agent --message "summarise my day"
  $ sluice agent --message hello --session-key agent:main:scratch --json
`,
    )
    .action(async (options: AgentOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      // The model of one turn is an administrator's choice.
      const scopes = ["operator.admin"];
      const answer = await withSomeGateway(
        context,
        { scopes, purpose: "this message", local: options.local ?? false },
        (client) => context.output.progress("waiting for the agent", ask(client, context, options)),
      );
      context.output.result(answer, (value) =>
        (value.result?.payloads ?? []).map((payload) => payload.text ?? "").join("\n\n"),
      );
    });
}

async function ask(client: RpcClient, context: CommandContext, options: AgentOptions): Promise<AgentResult> {
  const runId = randomUUID();
  const questions = showQuestions(client, context.output, runId);
  try {
    return await client.call<AgentResult>(
      "agent",
      {
        message: options.message,
        sessionKey: options.sessionKey,
        idempotencyKey: runId,
        deliver: false,
        ...(options.model ? { model: options.model } : {}),
        ...(options.thinking ? { thinking: options.thinking } : {}),
      },
      { expectFinal: true, timeoutMs: context.timeoutMs ?? 0 },
    );
  } finally {
    await questions.dispose();
  }
}
