import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { packageRoot } from "../../kernel/package-root.ts";
import type { ApartResult, ContractReport } from "../../plugins/authoring/index.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError } from "../errors.ts";

interface TestOptions {
  config?: string;
  here?: boolean;
  runState?: string;
}

interface CreateOptions {
  shape: string;
  javascript?: boolean;
  id?: string;
}

const LEAK_GRACE_MS = 500;

const MARK = { passed: "ok  ", warned: "warn", failed: "FAIL", skipped: "-   " } as const;

/** `plugins create | init | types | test`. */
export function registerPluginAuthoring(plugins: Command, environment: CliEnvironment): void {
  plugins
    .command("create <folder>")
    .description("write a working plugin with a manifest, an entry, a test and a README")
    .requiredOption(
      "--shape <shape>",
      "tool, hook, command, method, route, service, cli, channel, provider, search, speech, memory or tools (from a list, the manifest is written from the code)",
    )
    .option("--javascript", "JavaScript instead of TypeScript")
    .option("--id <id>", "id of the plugin; default: the folder's name")
    .addHelpText(
      "after",
      "\nExamples:\n  $ sluice plugins create ./garden --shape tool\n  $ sluice plugins test ./garden\n  $ sluice plugins install ./garden --link --yes\n",
    )
    .action(async (folder: string, options: CreateOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      await create(context, { ...options, folder });
    });

  plugins
    .command("init [folder]")
    .description("write a new plugin with a list of tools; create makes one of any shape")
    .option("--id <id>", "id of the plugin; default: the folder's name")
    .option("--shape <shape>", "as for create", "tools")
    .option("--javascript", "JavaScript instead of TypeScript")
    .addHelpText(
      "after",
      "\nExamples:\n  $ sluice plugins init ./garden\n  $ sluice plugins build ./garden     # after a change of its tools\n",
    )
    .action(async (folder: string | undefined, options: CreateOptions, command: Command) => {
      await create(new CommandContext(environment, command), { ...options, folder: folder ?? "." });
    });

  plugins
    .command("types [folder]")
    .description("tell the editor where the types of the SDK are, for a plugin in TypeScript")
    .addHelpText(
      "after",
      "\nWrites .sluice/tsconfig.json, which the plugin's tsconfig.json extends. It names places of this machine: keep it\nout of version control.\n\nExample:\n  $ sluice plugins types ./garden\n",
    )
    .action(async (folder: string | undefined, _options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const { linkTypes } = await import("../../plugins/authoring/index.ts");
      const linked = await linkTypes(resolve(folder ?? "."));
      if (!linked.present) context.output.note(buildTypesFirst());
      context.output.result(linked, ({ file, declarations }) => `${file} names ${declarations}`);
    });

  plugins
    .command("test [folder]")
    .description("try the plugin contract on a folder, offline, and run its own tests")
    .option("--config <json>", "settings of the plugin for this run")
    .option("--here", "in this process and without limits of time, for a debugger")
    .addOption(new Option("--run-state <folder>", "state of the run whose process this is").hideHelp())
    .addHelpText(
      "after",
      "\nThe plugin's code runs in a process of its own. --timeout is the longest time one check may take.\n\nExample:\n  $ sluice plugins test ./garden --json\n",
    )
    .action(async (folder: string | undefined, options: TestOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      const pluginConfig = options.config === undefined ? undefined : await settingsOf(options.config);
      const stateDir = options.runState ?? (await mkdtemp(join(tmpdir(), "sluice-plugin-test-")));
      const bench = {
        folder: resolve(folder ?? "."),
        stateDir,
        sdkFolder: join(packageRoot(), "dist/plugin-sdk"),
        clock: environment.clock,
        ...(pluginConfig ? { pluginConfig } : {}),
      };
      try {
        if (options.runState !== undefined) {
          const { serveContractRun } = await import("../../plugins/authoring/index.ts");
          await serveContractRun(bench);
        } else if (options.here) {
          const { testPlugin } = await import("../../plugins/authoring/index.ts");
          judge(context, { report: await context.output.progress("testing", testPlugin(bench)) });
        } else {
          judge(context, await context.output.progress("testing", apart(context, bench, options)));
        }
      } finally {
        if (options.runState === undefined) await rm(stateDir, { recursive: true, force: true });
        // What a leaking plugin left running must not keep the command from ending.
        if (options.here || options.runState !== undefined)
          environment.clock.after(LEAK_GRACE_MS, () => process.exit());
      }
    });
}

/** The same command again, in a process whose parent reads the messages. */
async function apart(
  { environment, timeoutMs, output }: CommandContext,
  { folder, stateDir }: { folder: string; stateDir: string },
  { config }: TestOptions,
): Promise<ApartResult> {
  const { testPluginApart } = await import("../../plugins/authoring/index.ts");
  const settings = config === undefined ? [] : ["--config", config];
  return testPluginApart({
    program: {
      command: process.execPath,
      args: [
        join(packageRoot(), "bin/sluice.cjs"),
        ...["plugins", "test", folder, "--run-state", stateDir, ...settings],
      ],
    },
    env: environment.env,
    folder,
    stateDir,
    clock: environment.clock,
    ...(timeoutMs ? { checkLimitMs: timeoutMs } : {}),
    signal: environment.signal,
    onOutput: (chunk) => output.relay(chunk.toString("utf8").replace(/\n$/, "")),
  });
}

function judge({ output }: CommandContext, { report, timedOut }: ApartResult): void {
  output.result(report, describe);
  if (timedOut !== undefined)
    throw cliError("CHECKS_TIMED_OUT", `the check "${timedOut}" did not end in time`);
  if (!report.ok) throw cliError("CHECKS_FAILED", "the plugin does not keep the contract");
}

/** Makes a plugin and says what to do next. */
async function create(context: CommandContext, options: CreateOptions & { folder: string }): Promise<void> {
  const { folder, shape, javascript, id } = options;
  const { createPlugin } = await import("../../plugins/authoring/index.ts");
  const made = await createPlugin({
    folder,
    shape,
    language: javascript ? "javascript" : "typescript",
    ...(id === undefined ? {} : { id }),
  });
  if (!made.types) context.output.note(buildTypesFirst());
  context.output.result(made, ({ id: madeId, folder: place, files }) =>
    [
      `${madeId} is in ${place}:`,
      ...files.map((file) => `  ${file}`),
      "Next:",
      `  sluice plugins test ${folder}`,
      `  sluice plugins install ${folder} --link`,
      ...(javascript ? [] : [`  cd ${folder} && npm install     # types in your editor`]),
    ].join("\n"),
  );
}

function buildTypesFirst(): string {
  return `this gateway has no declarations for editors yet; make them once: npm run build --prefix ${packageRoot()}`;
}

async function settingsOf(text: string): Promise<Record<string, unknown>> {
  const { default: json5 } = await import("json5");
  let value: unknown;
  try {
    value = json5.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw cliError("USAGE", "--config expects an object in JSON5");
}

function describe({ pluginIds, version, shape, contributions, checks }: ContractReport): string {
  const lines = [`${pluginIds.join(", ")}${version ? ` ${version}` : ""}${shape ? ` (${shape})` : ""}`];
  for (const [kind, keys] of Object.entries(contributions)) lines.push(`  ${kind}: ${keys.join(", ")}`);
  for (const { name, statement, outcome, details } of checks) {
    lines.push(`${MARK[outcome]} ${name.padEnd(13)} ${statement}`);
    for (const detail of details) lines.push(...detail.split("\n").map((line) => `       ${line}`));
  }
  return lines.join("\n");
}
