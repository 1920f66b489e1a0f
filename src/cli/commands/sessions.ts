import type { Command } from "commander";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { ago, table } from "../output/table.ts";

interface SessionRow {
  key: string;
  displayName?: string;
  label?: string;
  updatedAt?: number;
  model?: string;
  totalTokens?: number;
}

interface HistoryMessage {
  role: string;
  content: string | { type: string; text?: string }[];
}

export function registerSessions(program: Command, environment: CliEnvironment): void {
  const sessions = program
    .command("sessions")
    .description("list sessions; look into one, reset or delete it")
    .option("--limit <count>", "most rows to show", "50")
    .addHelpText(
      "after",
      `
Examples:
  $ sluice sessions
  $ sluice sessions show agent:main:main
  $ sluice sessions reset agent:main:main
`,
    )
    .action(async (options: { limit: string }, command: Command) => {
      const context = new CommandContext(environment, command);
      const result = await context.call<{ sessions: SessionRow[] }>(
        "sessions.list",
        { limit: Number(options.limit) },
        "operator.read",
      );
      context.output.result(result, ({ sessions: rows }, width) =>
        table(
          ["SESSION", "NAME", "UPDATED", "MODEL", "TOKENS"],
          rows.map((row) => [
            row.key,
            row.displayName ?? row.label,
            ago(row.updatedAt, context.clock.now()),
            row.model,
            row.totalTokens,
          ]),
          "No sessions yet.",
          width,
        ),
      );
    });

  sessions
    .command("show <key>")
    .description("print the end of a session's transcript")
    .option("--limit <count>", "most messages to show", "50")
    .action(async (key: string, { limit }: { limit: string }, command: Command) => {
      const context = new CommandContext(environment, command);
      const history = await context.call<{ messages: HistoryMessage[] }>(
        "chat.history",
        { sessionKey: key, limit: Number(limit) },
        "operator.read",
      );
      context.output.result(history, ({ messages }) =>
        messages.length === 0
          ? "This session has no messages."
          : messages.map((message) => `${message.role}: ${plainText(message)}`).join("\n"),
      );
    });

  for (const [verb, summary] of [
    ["reset", "start a session afresh; its old transcript is kept"],
    ["delete", "delete a session and its transcript"],
  ] as const) {
    sessions
      .command(`${verb} <key>`)
      .description(summary)
      .action(async (key: string, _options: object, command: Command) => {
        const context = new CommandContext(environment, command);
        const result = await context.call<object>(`sessions.${verb}`, { key }, "operator.admin");
        context.output.result(result, () => `${key}: ${verb} done`);
      });
  }
}

function plainText({ content }: HistoryMessage): string {
  if (typeof content === "string") return content;
  return content
    .map((part) => part.text ?? `[${part.type}]`)
    .join("\n")
    .trim();
}
