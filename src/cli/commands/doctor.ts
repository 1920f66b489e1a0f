import { access } from "node:fs/promises";
import type { Command } from "commander";
import { type CheckResult, failed, passed } from "../checks/check.ts";
import { checkDatabase } from "../checks/database.ts";
import { checkNodeVersion } from "../checks/node-version.ts";
import { checkPlugins } from "../checks/plugins.ts";
import { checkPort } from "../checks/port.ts";
import { checkStateFolder } from "../checks/state-folder.ts";
import { checkTimeZones } from "../checks/time-zones.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError, describeError } from "../errors.ts";
import { checkConfigFile } from "../local-config.ts";
import { checkLegacySettings, repairLegacySettings } from "../repairs/legacy-settings.ts";

const MARK = { ok: "ok  ", warning: "warn", error: "FAIL" } as const;

export function registerDoctor(program: Command, environment: CliEnvironment): void {
  program
    .command("doctor")
    .description("check this installation and name the repair for what is wrong")
    .option("--fix", "move older settings of plugins to where they belong now; needs a running gateway")
    .addHelpText("after", "\nExamples:\n  $ sluice doctor --json\n  $ sluice doctor --fix\n")
    .action(async ({ fix = false }: { fix?: boolean }, command: Command) => {
      const context = new CommandContext(environment, command);
      const fixed = fix ? await repairLegacySettings(context) : [];
      const checks = await context.output.progress("checking", examine(context));
      const broken = checks.filter((check) => check.level === "error");
      context.output.result({ ok: broken.length === 0, checks, ...(fix ? { fixed } : {}) }, (report) =>
        [...fixed.map((change) => `fixed ${change}`), ...report.checks.map(describe)].join("\n"),
      );
      if (broken.length > 0)
        throw cliError("CHECKS_FAILED", `${broken.length} of ${checks.length} checks failed`);
    });
}

async function examine(context: CommandContext): Promise<CheckResult[]> {
  const where = await context.access();
  const gateway = await knock(context);
  return Promise.all([
    checkNodeVersion(),
    checkDatabase(),
    checkStateFolder(where.stateDir),
    checkConfigFile(where.configPath, context.environment.env),
    gateway.refused ?? checkPort(where.url, gateway.version),
    checkTimeZones(),
    checkPlugins(context),
    checkLegacySettings(context),
    checkWritableTemporary(),
  ]);
}

/** Asks whether a gateway is there; a refusal is news of its own. */
async function knock(context: CommandContext): Promise<{ version?: string; refused?: CheckResult }> {
  try {
    const version = await context.withGateway(
      ["operator.read"],
      async (client) => client.hello.server.version,
      { mode: "probe" },
    );
    return { version };
  } catch (error) {
    const { code, message } = describeError(error);
    if (code !== "GATEWAY_REFUSED") return {};
    return { refused: failed("port", message, "set SLUICE_GATEWAY_TOKEN to the token of that gateway") };
  }
}

async function checkWritableTemporary(): Promise<CheckResult> {
  const { tmpdir } = await import("node:os");
  const { constants } = await import("node:fs");
  const folder = tmpdir();
  return access(folder, constants.W_OK).then(
    () => passed("temporary folder", `${folder} is writable`),
    () => failed("temporary folder", `${folder} can not be written`, "set TMPDIR to a folder of yours"),
  );
}

function describe(check: CheckResult): string {
  const message = check.message.replaceAll("\n", `\n${" ".repeat(24)}`);
  const line = `${MARK[check.level]}  ${check.name.padEnd(16)}  ${message}`;
  return check.repair ? `${line}\n${" ".repeat(24)}→ ${check.repair}` : line;
}
