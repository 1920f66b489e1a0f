import type { Command } from "commander";
import { isForbiddenKey } from "../../kernel/safe-json.ts";
import { configFile } from "../access.ts";
import { writeConfig } from "../config-write.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError } from "../errors.ts";
import { inspectConfigFile } from "../local-config.ts";

interface ConfigView {
  path: string;
  exists?: boolean;
  valid: boolean;
  hash?: string;
  config: unknown;
  issues?: { path: string; message: string }[];
  warnings?: { path: string; message: string }[];
}

export function registerConfig(program: Command, environment: CliEnvironment): void {
  const config = program.command("config").description("read, change and check the configuration");

  config
    .command("get [path]")
    .description("print the configuration in force, or the value at a dotted path; secrets are hidden")
    .addHelpText("after", "\nExamples:\n  $ sluice config get\n  $ sluice config get gateway.port --json\n")
    .action(async (path: string | undefined, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const segments = path === undefined ? [] : segmentsOf(path);
      const view = await context.call<ConfigView>("config.get", {}, "operator.read");
      const value = valueAt(view.config, segments);
      if (value === undefined) throw cliError("USAGE", `nothing is set at "${path}"`);
      context.output.result(value, (shown) =>
        typeof shown === "string" ? shown : JSON.stringify(shown, null, 2),
      );
    });

  config
    .command("set <path> <value>")
    .description("change one value; the gateway checks it, writes the file and applies it")
    .addHelpText(
      "after",
      `
The value is JSON5 when it parses as such, else text. \`null\` removes the key.

Examples:
  $ sluice config set gateway.port 18900
  $ sluice config set plugins.entries.irc.enabled true
  $ sluice config set channels.irc '{ server: "irc.example.org", nick: "sluice" }'
`,
    )
    .action(async (path: string, text: string, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const segments = segmentsOf(path);
      const value = await parsedValue(text);
      const result = await context.withGateway(["operator.admin"], (client) =>
        writeConfig(context, client, segments, value),
      );
      context.output.result(result, (written) =>
        written.noop ? `${path} already has that value` : `${path} is set in ${written.path}`,
      );
    });

  config
    .command("validate [file]")
    .description("check a configuration file without starting anything")
    .addHelpText("after", "\nExample:\n  $ sluice config validate ./sluice.json\n")
    .action(async (file: string | undefined, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const path = file ?? configFile(environment.env);
      const { exists, findings: problems } = await inspectConfigFile(path, environment.env);
      if (!exists) throw cliError("USAGE", `${path} does not exist`);
      const errors = problems.filter((problem) => problem.severity === "error");
      context.output.result({ path, valid: errors.length === 0, problems }, (report) =>
        report.problems.length === 0
          ? `${path} is valid`
          : report.problems
              .map(({ severity, path: at, message }) => `${severity}: ${at || "file"}: ${message}`)
              .join("\n"),
      );
      if (errors.length > 0) throw cliError("CHECKS_FAILED", `${path} has ${errors.length} error(s)`);
    });
}

/** `a.b["c.d"]` is not supported on purpose: a key with a dot is written `a.b.c\.d`. */
export function segmentsOf(path: string): string[] {
  const segments = path.split(/(?<!\\)\./).map((part) => part.replaceAll("\\.", "."));
  for (const segment of segments) {
    if (segment === "") throw cliError("USAGE", `"${path}" is not a dotted path such as gateway.port`);
    if (isForbiddenKey(segment)) throw cliError("USAGE", `the key "${segment}" is not allowed`);
  }
  return segments;
}

function valueAt(value: unknown, segments: readonly string[]): unknown {
  let current = value;
  for (const segment of segments) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as Record<string, unknown>)[segment];
  }
  return current;
}

async function parsedValue(text: string): Promise<unknown> {
  const { default: json5 } = await import("json5");
  try {
    return json5.parse(text);
  } catch {
    return text;
  }
}
