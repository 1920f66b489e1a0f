import type { Command } from "commander";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { checkConfigFile } from "../local-config.ts";
import { describeSignals, type PluginSignal, pluginSignals } from "../plugin-signals.ts";

interface GatewayStatus {
  runtimeVersion: string;
  pid: number;
  sessions: { count: number };
  books: Record<string, unknown>;
  configuration: { origin: string; revision: number; problems: number };
  [field: string]: unknown;
}

interface Report {
  gateway: GatewayStatus;
  configuration?: { level: string; message: string };
  plugins?: readonly PluginSignal[];
}

export function registerStatus(program: Command, environment: CliEnvironment): void {
  program
    .command("status")
    .description("sum up the running gateway; --all adds the configuration and every plugin")
    .option("--all", "also judge the configuration and how each plugin stands towards this version")
    .addHelpText("after", "\nExamples:\n  $ sluice status\n  $ sluice status --all --json\n")
    .action(async ({ all }: { all?: boolean }, command: Command) => {
      const context = new CommandContext(environment, command);
      const gateway = await context.call<GatewayStatus>("status", {}, "operator.read");
      const report: Report = { gateway };
      if (all) {
        const { level, message } = await checkConfigFile(
          (await context.access()).configPath,
          environment.env,
        );
        report.configuration = { level, message };
        report.plugins = await pluginSignals(context);
      }
      context.output.result(report, describe);
    });
}

function describe({ gateway, configuration, plugins }: Report): string {
  const lines = [
    `version        ${gateway.runtimeVersion} (process ${gateway.pid})`,
    `sessions       ${gateway.sessions.count}`,
    `configuration  revision ${gateway.configuration.revision} from ${gateway.configuration.origin}`,
  ];
  if (configuration) lines.push(`               ${configuration.message}`);
  if (plugins) {
    const odd = describeSignals(plugins);
    lines.push(`plugins        ${plugins.length} in use, ${odd.length === 0 ? "config valid" : "of these:"}`);
    lines.push(...odd.map((line) => `               ${line}`));
  }
  return lines.join("\n");
}
