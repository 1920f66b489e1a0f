import { createRequire } from "node:module";
import { join } from "node:path";
import type { Command } from "commander";
import { errorMessage } from "../../kernel/errors.ts";
import { packageRoot } from "../../kernel/package-root.ts";
import { type JsonValue, parseJson } from "../../kernel/safe-json.ts";
import { DYNAMIC_SCOPE_METHODS, scopeOf } from "../../protocol/method-scopes.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError } from "../errors.ts";

interface CallOptions {
  params?: string;
  expectFinal?: boolean;
}

interface Health {
  ok: boolean;
  ts: number;
  channels?: Record<string, unknown>;
  plugins?: { loaded: string[]; errors: { id: string; error: string }[] };
}

export function registerGateway(program: Command, environment: CliEnvironment): void {
  const gateway = program.command("gateway").description("run the gateway and talk to it");

  gateway
    .command("run")
    .description("run the gateway in the foreground until SIGINT or SIGTERM")
    .option("--bind <mode>", "loopback, lan, or an address of this machine")
    .addHelpText(
      "after",
      `
Examples:
  $ sluice gateway run
  $ sluice gateway run --port 18900
  $ SLUICE_STATE_DIR=/srv/sluice sluice gateway run --bind lan
`,
    )
    // The launcher starts the gateway bundle itself; this is reached when options stand before the command.
    .action(() => void createRequire(import.meta.url)(join(packageRoot(), "dist/gateway.cjs")));

  gateway
    .command("status")
    .description("tell whether a gateway answers, and how it is")
    .addHelpText("after", "\nExample:\n  $ sluice gateway status --json\n")
    .action(async (_options: object, command: Command) => {
      const context = new CommandContext(environment, command);
      const { url } = await context.access();
      const status = await context.withGateway(["operator.read"], async (client) => ({
        url,
        version: client.hello.server.version,
        protocol: client.hello.protocol,
        health: await context.progressCall<Health>(client, "health", {}),
      }));
      context.output.result(status, describeStatus);
    });

  gateway
    .command("call <method>")
    .description("call a method of the gateway protocol")
    .option("--params <json>", "parameters as a JSON object")
    .option("--expect-final", "wait for the second answer of methods that send two")
    .addHelpText(
      "after",
      `
Examples:
  $ sluice gateway call health --json
  $ sluice gateway call chat.history --params '{"sessionKey":"agent:main:main","limit":5}' --json
  $ sluice gateway call agent --expect-final --params '{"message":"hi","idempotencyKey":"1"}' --json
`,
    )
    .action(async (method: string, options: CallOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      const params = options.params === undefined ? undefined : parseParams(options.params);
      const result = await context.withGateway([scopeFor(method)], (client) =>
        context.output.progress(
          method,
          client.call(method, params, {
            ...(context.timeoutMs === undefined ? {} : { timeoutMs: context.timeoutMs }),
            ...(options.expectFinal ? { expectFinal: true, timeoutMs: context.timeoutMs ?? 0 } : {}),
          }),
        ),
      );
      context.output.result(result ?? null, (value) => JSON.stringify(value, null, 2));
    });
}

/** The least scope a method needs; the owner's own machine may ask for all when that is not known. */
export function scopeFor(method: string): string {
  const scope = scopeOf(method);
  if (scope === "none") return "operator.read";
  if (scope === undefined || scope === "node" || DYNAMIC_SCOPE_METHODS.has(method)) return "operator.admin";
  return scope;
}

function parseParams(text: string): JsonValue {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (error) {
    throw cliError("USAGE", `--params: ${errorMessage(error)}`, undefined, error);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw cliError("USAGE", "--params expects a JSON object");
}

function describeStatus(status: { url: string; version: string; health: Health }): string {
  const { health } = status;
  const lines = [
    `gateway   ${status.url}, version ${status.version}`,
    `channels  ${Object.keys(health.channels ?? {}).join(", ") || "none"}`,
    `plugins   ${health.plugins?.loaded.join(", ") || "none"}`,
  ];
  for (const { id, error } of health.plugins?.errors ?? []) lines.push(`problem   plugin ${id}: ${error}`);
  return lines.join("\n");
}
