import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { packageRoot } from "../../kernel/package-root.ts";
import type { CheckResult } from "../../plugins/authoring/index.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError } from "../errors.ts";

const MARK = { passed: "ok  ", warned: "warn", failed: "FAIL", skipped: "-   " } as const;
/** What an entry left running must not keep the command from ending. */
const LEAK_GRACE_MS = 500;

/** `plugins build | validate | pack`. */
export function registerPluginBuild(plugins: Command, environment: CliEnvironment): void {
  plugins
    .command("build [folder]")
    .description("write the manifest of a tool plugin from what its code says")
    .option("--entry <file>", "entry to read; default: the first of openclaw.extensions")
    .option("--check", "write nothing; fail when the manifest is stale")
    .addHelpText(
      "after",
      "\nThe plugin's entry is imported in this process.\n\nExample:\n  $ sluice plugins build ./garden --check\n",
    )
    .action(
      async (folder: string | undefined, options: { entry?: string; check?: boolean }, command: Command) => {
        const context = new CommandContext(environment, command);
        const { buildPlugin } = await import("../../plugins/authoring/index.ts");
        try {
          const built = await buildPlugin({
            folder: resolve(folder ?? "."),
            sdkFolder: join(packageRoot(), "dist/plugin-sdk"),
            check: options.check ?? false,
            ...(options.entry === undefined ? {} : { entry: options.entry }),
          });
          context.output.result(built, ({ id, written }) =>
            written.length === 0 ? `${id} is up to date` : `${id}: wrote ${written.join(" and ")}`,
          );
        } finally {
          environment.clock.after(LEAK_GRACE_MS, () => process.exit());
        }
      },
    );

  plugins
    .command("validate [folder]")
    .description("check what a plugin says of itself: manifest, package, settings, tools")
    .addHelpText(
      "after",
      "\nThe plugin's entry is imported; test tries the whole contract.\n\nExample:\n  $ sluice plugins validate ./garden\n",
    )
    .action(async (folder: string | undefined, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const { validatePlugin } = await import("../../plugins/authoring/index.ts");
      await withBench(environment, async (bench) => {
        const report = await validatePlugin({ ...bench, folder: resolve(folder ?? ".") });
        context.output.result(report, ({ pluginIds, checks }) =>
          [pluginIds.join(", "), ...checks.flatMap(lines)].join("\n"),
        );
        if (!report.ok) throw cliError("CHECKS_FAILED", "the plugin is not valid");
      });
    });

  plugins
    .command("pack [folder]")
    .description("make the tarball that install takes, after validating the plugin")
    .option("-o, --out <folder>", "where to put it", ".")
    .addHelpText(
      "after",
      "\nIts scripts do not run: build it before.\n\nExample:\n  $ sluice plugins pack ./garden\n",
    )
    .action(async (folder: string | undefined, options: { out: string }, command: Command) => {
      const context = new CommandContext(environment, command);
      const { packPlugin } = await import("../../plugins/authoring/index.ts");
      await withBench(environment, async (bench) => {
        const packed = await context.output.progress(
          "packing",
          packPlugin({
            ...bench,
            folder: resolve(folder ?? "."),
            destination: options.out,
            env: environment.env,
          }),
        );
        context.output.result(packed, ({ name, version, file }) => `${name} ${version} is in ${file}`);
      });
    });
}

interface Bench {
  stateDir: string;
  sdkFolder: string;
  clock: CliEnvironment["clock"];
}

async function withBench(environment: CliEnvironment, work: (bench: Bench) => Promise<void>): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), "sluice-plugin-build-"));
  try {
    await work({
      stateDir,
      sdkFolder: join(packageRoot(), "dist/plugin-sdk"),
      clock: environment.clock,
    });
  } finally {
    await rm(stateDir, { recursive: true, force: true });
    environment.clock.after(LEAK_GRACE_MS, () => process.exit());
  }
}

function lines({ name, statement, outcome, details }: CheckResult): string[] {
  return [`${MARK[outcome]} ${name.padEnd(13)} ${statement}`, ...details.map((detail) => `       ${detail}`)];
}
