import type { Command } from "commander";
import type { PluginChange } from "../../plugins/install/types.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import {
  complaintsOf,
  describeComplaints,
  type PluginReport,
  type ReportedDiagnostic,
} from "../output/plugin-report.ts";
import { ask, consentOf } from "./plugins-consent.ts";
import { type InstallWish, ownError, withPluginControl } from "./plugins-control.ts";

interface InstallOptions {
  yes?: boolean;
  acceptCapabilities?: boolean;
  force?: boolean;
  link?: boolean;
  integrity?: string;
  acknowledgeInstallPolicyWarning?: boolean;
}

/** `plugins install | update | enable | disable | reload | uninstall`. */
export function registerPluginChanges(plugins: Command, environment: CliEnvironment): void {
  agreement(plugins.command("install <package>"))
    .description("install a plugin from npm, a folder or a .tgz, show what it may do, and enable it")
    .option("-l, --link", "use a folder where it is instead of copying it")
    .option("--integrity <sha512>", "refuse any other content")
    .addHelpText(
      "after",
      `
Install scripts never run and no host is installed below the plugin. A running gateway takes the plugin up at
once; without one it is there at the next start.

Examples:
  $ sluice plugins install @openclaw/irc
  $ sluice plugins install @openclaw/brave-plugin@2026.9.1 --yes
  $ sluice plugins install ./my-plugin --link
  $ sluice plugins install ./my-plugin-1.0.0.tgz --yes --json
`,
    )
    .action(async (spec: string, options: InstallOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      const { parseSource } = await import("../../plugins/install/source.ts");
      const source = await parseSource(spec, { cwd: process.cwd(), ...(options.link ? { link: true } : {}) });
      await run(context, (control) =>
        control.install(source, wishOf(options), consentOf(context, agreed(options))),
      );
    });

  agreement(plugins.command("update <id>"))
    .description("bring an installed plugin to the newest version of what it was installed from")
    .addHelpText("after", "\nExample:\n  $ sluice plugins update irc\n")
    .action(async (id: string, options: InstallOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      await run(context, (control) =>
        control.update(id, wishOf(options), consentOf(context, agreed(options))),
      );
    });

  for (const [verb, enabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    plugins
      .command(`${verb} <id>`)
      .description(`${verb} a plugin in the configuration; a running gateway follows at once`)
      .addHelpText("after", `\nExample:\n  $ sluice plugins ${verb} irc\n`)
      .action(async (id: string, _options: object, command: Command) => {
        const context = new CommandContext(environment, command);
        await run(context, (control) => control.setEnabled(id, enabled));
      });
  }

  plugins
    .command("reload <ids...>")
    .description("load the code of running plugins anew; one that fails to load goes on as it was")
    .addHelpText("after", "\nExample:\n  $ sluice plugins reload garden\n")
    .action(async (pluginIds: string[], _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const result = await context.withGateway(["operator.admin"], async (client) => {
        const reloaded = await context
          .progressCall<object>(client, "plugins.reload", { pluginIds })
          .catch((error: unknown) => {
            throw ownError(error);
          });
        const diagnostics: (ReportedDiagnostic & { pluginId: string })[] = [];
        for (const pluginId of pluginIds) {
          const report = await context.progressCall<PluginReport>(client, "plugins.inspect", { pluginId });
          diagnostics.push(...complaintsOf(report));
        }
        return { ...reloaded, diagnostics };
      });
      // Loaded is not the same as accepted: a refused registration is news for whoever just changed the code.
      for (const line of describeComplaints(result.diagnostics)) context.output.note(line);
      context.output.result(result, () => `reloaded: ${pluginIds.join(", ")}`);
    });

  plugins
    .command("uninstall <id>")
    .description("remove a plugin: its files, its record, and its settings unless they are kept")
    .option("-y, --yes", "do not ask")
    .option("--keep-config", "keep its settings for another time")
    .option("--purge", "remove the settings of its channels too")
    .addHelpText("after", "\nExample:\n  $ sluice plugins uninstall irc --keep-config\n")
    .action(
      async (
        id: string,
        options: { yes?: boolean; keepConfig?: boolean; purge?: boolean },
        command: Command,
      ) => {
        const context = new CommandContext(environment, command);
        const decided = options.yes || options.keepConfig || options.purge;
        const keepConfig =
          options.keepConfig ??
          (!decided && !(await ask(`Remove the settings of ${id} as well? [y/N] `, true)));
        await run(context, (control) =>
          control.uninstall(id, { keepConfig, purgeChannels: options.purge ?? false }),
        );
      },
    );
}

function agreement(command: Command): Command {
  return command
    .option("-y, --yes", "agree to what the plugin claims")
    .option("--accept-capabilities", "the same as --yes")
    .option("--force", "replace another package that has the same id")
    .option("--acknowledge-install-policy-warning", "go on when the install policy only warns");
}

function agreed({ yes, acceptCapabilities }: InstallOptions): boolean {
  return (yes ?? false) || (acceptCapabilities ?? false);
}

function wishOf({ force, integrity, acknowledgeInstallPolicyWarning }: InstallOptions): InstallWish {
  return {
    force: force ?? false,
    acknowledgePolicyWarning: acknowledgeInstallPolicyWarning ?? false,
    ...(integrity === undefined ? {} : { expectedIntegrity: integrity }),
  };
}

async function run(
  context: CommandContext,
  work: Parameters<typeof withPluginControl<PluginChange>>[1],
): Promise<void> {
  const change = await context.output.progress("plugins", withPluginControl(context, work));
  for (const warning of change.warnings) context.output.note(`warning: ${warning}`);
  context.output.result(change, ({ message }) => message);
}
