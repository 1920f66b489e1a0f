import type { Command } from "commander";
import { SluiceError } from "../../kernel/errors.ts";
import type { PluginHost } from "../../plugins/host.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError, describeError } from "../errors.ts";
import { describeComplaints, describePlugin, type PluginReport } from "../output/plugin-report.ts";
import { table } from "../output/table.ts";
import { describeSignals, pluginSignals } from "../plugin-signals.ts";
import { registerPluginAuthoring } from "./plugins-author.ts";
import { registerPluginBuild } from "./plugins-build.ts";
import { registerPluginChanges } from "./plugins-change.ts";
import { registerPluginMarket } from "./plugins-market.ts";
import { fromGatewayOr } from "./plugins-source.ts";

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
  diagnostics?: readonly Diagnostic[];
}

interface PluginList {
  plugins: readonly PluginRow[];
  diagnostics?: readonly Diagnostic[];
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
      context.output.result(await list(context), ({ plugins: rows }, width) =>
        table(
          ["ID", "VERSION", "ORIGIN", "STATE", "WHY"],
          rows.map((row) => [row.id, row.version, row.origin, row.status, row.error ?? row.reason]),
          "No plugins were found.",
          width,
        ),
      );
    });

  plugins
    .command("inspect <id>")
    .description("what one plugin is, has registered and complains of; --json has everything")
    .alias("info")
    .option("--runtime", "accepted for scripts of other hosts; inspecting always looks at the running code")
    .addHelpText("after", "\nExample:\n  $ sluice plugins inspect echo\n")
    .action(async (id: string, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      context.output.result(await inspect(context, id), describePlugin);
    });

  registerPluginChanges(plugins, environment);
  registerPluginAuthoring(plugins, environment);
  registerPluginBuild(plugins, environment);
  registerPluginMarket(plugins, environment);

  plugins
    .command("doctor")
    .description("list what is wrong with plugins; fails when one is broken")
    .addHelpText("after", "\nExample:\n  $ sluice plugins doctor\n")
    .action(async (_options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const found = problemsOf(await examine(context));
      const signals = await pluginSignals(context);
      context.output.result({ ok: found.length === 0, problems: found, signals }, ({ problems }) => {
        const lines = [
          ...describeComplaints(problems),
          // What failed hard is among the problems.
          ...describeSignals(signals.filter(({ signal }) => signal !== "hard error")),
        ];
        return lines.length === 0 ? "Nothing is wrong with the plugins." : lines.join("\n");
      });
      if (found.some((problem) => problem.level === "error"))
        throw cliError("CHECKS_FAILED", "at least one plugin is broken");
    });
}

/** From the running gateway; without one, what the next start would find. */
function list(context: CommandContext): Promise<PluginList> {
  return fromGatewayOr(
    context,
    () => context.call<PluginList>("plugins.list", {}, "operator.read"),
    async (host, book) => {
      const [{ catalogEntry }] = await Promise.all([
        import("../../gateway/methods/plugin-entry.ts"),
        host.snapshot(),
      ]);
      if (!context.output.json)
        context.output.note("no gateway is running; this is what the next start would find");
      const records = host.records();
      return {
        plugins: records.map((record) => ({ ...record, ...catalogEntry(record, book.find(record.id)) })),
        diagnostics: [...host.diagnostics(), ...records.flatMap(({ diagnostics }) => diagnostics)],
      };
    },
  );
}

function inspect(context: CommandContext, pluginId: string): Promise<PluginReport> {
  return fromGatewayOr<PluginReport>(
    context,
    () =>
      context.call<PluginReport>("plugins.inspect", { pluginId }, "operator.read").catch((error: unknown) => {
        const { code, details } = describeError(error);
        const unknown = (details as { pluginId?: unknown } | undefined)?.pluginId === pluginId;
        throw code === "INVALID_REQUEST" && unknown ? noPlugin(pluginId) : error;
      }),
    async (host, book) => {
      const report = await host.inspect(pluginId);
      if (!report) throw noPlugin(pluginId);
      const install = book.find(report.plugin.id);
      const whole = { ok: true, ...report, ...(install ? { install } : {}) };
      // Absent and undefined are the same once it is JSON.
      return whole as PluginReport;
    },
  );
}

function noPlugin(pluginId: string): Error {
  return new SluiceError("PLUGIN_UNKNOWN", `there is no plugin "${pluginId}"; see: sluice plugins list`);
}

/** Without a gateway every enabled plugin is registered once, without effect, to see what is wrong. */
function examine(context: CommandContext): Promise<PluginList> {
  return fromGatewayOr(
    context,
    () => context.call<PluginList>("plugins.list", {}, "operator.read"),
    async (host) => {
      await host.snapshot();
      const plugins: PluginRow[] = [];
      for (const record of host.records()) {
        plugins.push(
          record.status === "disabled"
            ? { ...record, diagnostics: [...record.diagnostics] }
            : await seen(host, record.id),
        );
      }
      return { plugins, diagnostics: [...host.diagnostics()] };
    },
  );
}

async function seen(host: PluginHost, id: string): Promise<PluginRow> {
  const report = await host.inspect(id);
  return report ? { ...report.plugin, diagnostics: [...report.diagnostics] } : { id };
}

function problemsOf({ plugins, diagnostics = [] }: PluginList): Diagnostic[] {
  const found = diagnostics.filter((entry) => entry.level !== "info");
  for (const plugin of plugins) {
    const own = (plugin.diagnostics ?? []).filter((entry) => entry.level !== "info");
    found.push(...own.map((entry) => ({ ...entry, pluginId: plugin.id })));
    const explained = found.some(({ pluginId, level }) => pluginId === plugin.id && level === "error");
    if (plugin.status === "error" && !explained)
      found.push({
        level: "error",
        code: "plugin-failed",
        message: plugin.error ?? plugin.reason ?? "it did not load",
        pluginId: plugin.id,
      });
  }
  // A gateway lists the diagnostics of plugins beside the plugins that carry them.
  const keyOf = ({ pluginId, code, message }: Diagnostic) => JSON.stringify([pluginId, code, message]);
  return [...new Map(found.map((entry) => [keyOf(entry), entry])).values()];
}
