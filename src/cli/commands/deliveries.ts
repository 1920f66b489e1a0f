import type { Command } from "commander";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { ago, table } from "../output/table.ts";

interface Delivery {
  id: string;
  kind?: string;
  channel?: string;
  to?: string;
  status?: string;
  reason?: string;
  attempts?: number;
  createdAt?: number;
}

export function registerDeliveries(program: Command, environment: CliEnvironment): void {
  const deliveries = program
    .command("deliveries")
    .description("messages in and out: what is queued, what failed for good, and why");

  deliveries
    .command("list")
    .description("list deliveries, the newest first")
    .option("--status <status>", "only these, for example dead or queued", "dead")
    .option("--limit <count>", "most rows to show", "50")
    .addHelpText("after", "\nExample:\n  $ sluice deliveries list --status dead\n")
    .action(async (options: { status: string; limit: string }, command: Command) => {
      const context = new CommandContext(environment, command);
      const result = await context.call<{ deliveries: Delivery[] }>(
        "deliveries.list",
        { status: options.status, limit: Number(options.limit) },
        "operator.read",
      );
      context.output.result(result, (value, width) =>
        table(
          ["ID", "KIND", "CHANNEL", "TO", "STATUS", "TRIES", "AGE", "REASON"],
          value.deliveries.map((row) => [
            row.id,
            row.kind,
            row.channel,
            row.to,
            row.status,
            row.attempts,
            ago(row.createdAt, context.clock.now()),
            row.reason,
          ]),
          `No deliveries are ${options.status}.`,
          width,
        ),
      );
    });

  for (const [verb, scope, summary] of [
    ["explain", "operator.read", "tell everything that is known about one delivery"],
    ["replay", "operator.write", "put a dead delivery back in the queue"],
  ] as const) {
    deliveries
      .command(`${verb} <id>`)
      .description(summary)
      .action(async (id: string, _options: object, command: Command) => {
        const context = new CommandContext(environment, command);
        const result = await context.call<object>(`deliveries.${verb}`, { id }, scope);
        context.output.result(result, (value) => JSON.stringify(value, null, 2));
      });
  }
}
