import type { Command } from "commander";
import { type CliEnvironment, CommandContext } from "../context.ts";

interface LogPage {
  cursor: number;
  lines: string[];
  reset?: boolean;
  truncated?: boolean;
}

const POLL_MS = 1_000;
const MAX_BYTES = 250_000;

export function registerLogs(program: Command, environment: CliEnvironment): void {
  program
    .command("logs")
    .description("print the end of the gateway's log")
    .option("-f, --follow", "go on with new lines until interrupted")
    .option("--limit <lines>", "lines to begin with", "200")
    .addHelpText(
      "after",
      `
With --json each log line is printed as the JSON it is stored as, one a line.

Examples:
  $ sluice logs --limit 50
  $ sluice logs --follow
`,
    )
    .action(async (options: { follow?: boolean; limit: string }, command: Command) => {
      const context = new CommandContext(environment, command);
      await context.withGateway(["operator.read"], async (client) => {
        let cursor: number | undefined;
        for (;;) {
          const page: LogPage = await client.call<LogPage>("logs.tail", {
            limit: Number(options.limit),
            maxBytes: MAX_BYTES,
            ...(cursor === undefined ? {} : { cursor }),
          });
          if (page.truncated && cursor !== undefined) context.output.note("… lines were skipped …");
          for (const line of page.lines) context.output.line(line, describeLine);
          cursor = page.cursor;
          if (!options.follow || environment.signal.aborted) return;
          await context.clock.sleep(POLL_MS, environment.signal).catch(() => {});
        }
      });
    });
}

/** `12:00:01 info gateway: listening {"port":1}` from a stored line; anything else as it is. */
export function describeLine(line: string): string {
  try {
    const { time, level, part, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const fields = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : "";
    const speaker = part === undefined ? "" : ` ${String(part)}:`;
    return `${String(time).slice(11, 19)} ${String(level)}${speaker} ${String(msg)}${fields}`;
  } catch {
    return line;
  }
}
