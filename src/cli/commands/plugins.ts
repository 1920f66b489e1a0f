import type { Command } from "commander";
import { writeConfig } from "../config-write.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError } from "../errors.ts";
import { table } from "../output/table.ts";

interface Diagnostic {
  level: string;
  code: string;
  message: string;
  pluginId?: string;
}

interface PluginRow {
  id: string;
  name?: string;
  version?: string;
  origin?: string;
  status?: string;
  reason?: string;
  error?: string;
  diagnostics?: Diagnostic[];
}

interface PluginList {
  plugins: PluginRow[];
  diagnostics?: Diagnostic[];
}

export function registerPlugins(program: Command, environment: CliEnvironment): void {
  const plugins = program
    .command("plugins")
    .description("what is installed, what runs, what is wrong with it");

  plugins
    .command("list")
    .description("list plugins with their state")
    .addHelpText("after", "\nExample:\n  $ sluice plugins list --json\n")
    .action(async (_options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      context.output.result(await list(context), ({ plugins: rows }) =>
        table(
          ["ID", "VERSION", "ORIGIN", "STATE", "WHY"],
          rows.map((row) => [row.id, row.version, row.origin, row.status, row.error ?? row.reason]),
          "No plugins were found.",
        ),
      );
    });

  plugins
    .command("inspect <id>")
    .description("everything one plugin declares and has registered")
    .addHelpText("after", "\nExample:\n  $ sluice plugins inspect echo\n")
    .action(async (id: string, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const report = await context.call<object>("plugins.inspect", { pluginId: id }, "operator.read");
      context.output.result(report, (value) => JSON.stringify(value, null, 2));
    });

  for (const [verb, enabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    plugins
      .command(`${verb} <id>`)
      .description(`${verb} a plugin in the configuration; it takes effect at once`)
      .action(async (id: string, _options: object, command: Command) => {
        const context = new CommandContext(environment, command);
        const result = await context.withGateway(["operator.admin"], async (client) => {
          const { plugins: rows } = await client.call<PluginList>("plugins.list", {});
          if (!rows.some((row) => row.id === id))
            throw cliError("USAGE", `there is no plugin "${id}"; see: sluice plugins list`);
          return writeConfig(context, client, ["plugins", "entries", id, "enabled"], enabled);
        });
        context.output.result(result, ({ noop }) =>
          noop ? `${id} is ${verb}d already` : `${id} is ${verb}d`,
        );
      });
  }

  plugins
    .command("doctor")
    .description("list what is wrong with plugins; fails when one is broken")
    .addHelpText("after", "\nExample:\n  $ sluice plugins doctor\n")
    .action(async (_options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const found = problemsOf(await list(context));
      context.output.result({ ok: found.length === 0, problems: found }, ({ problems }) =>
        problems.length === 0
          ? "Nothing is wrong with the plugins."
          : problems.map((problem) => `${problem.pluginId ?? "host"}: ${problem.message}`).join("\n"),
      );
      if (found.some((problem) => problem.level === "error"))
        throw cliError("CHECKS_FAILED", "at least one plugin is broken");
    });
}

function list(context: CommandContext): Promise<PluginList> {
  return context.call<PluginList>("plugins.list", {}, "operator.read");
}

function problemsOf({ plugins, diagnostics = [] }: PluginList): Diagnostic[] {
  const found = diagnostics.filter((entry) => entry.level !== "info");
  for (const plugin of plugins) {
    const own = (plugin.diagnostics ?? []).filter((entry) => entry.level !== "info");
    found.push(...own.map((entry) => ({ ...entry, pluginId: plugin.id })));
    if (plugin.status === "error" && !own.some((entry) => entry.level === "error"))
      found.push({
        level: "error",
        code: "plugin-failed",
        message: plugin.error ?? plugin.reason ?? "it did not load",
        pluginId: plugin.id,
      });
  }
  return found;
}
