import { lstat, realpath } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { isInside } from "../../kernel/confine-path.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { isPlain, text, texts } from "../manifest/fields.ts";
import { runProcess } from "./child-process.ts";
import type { InstallErrorCode } from "./types.ts";

export const POLICY_PROTOCOL_VERSION = 1;
export const DEFAULT_POLICY_TIMEOUT_MS = 10_000;
export const MAX_POLICY_TIMEOUT_MS = 600_000;
export const DEFAULT_POLICY_OUTPUT_BYTES = 1_048_576;
/** Longest reason shown of a policy. */
export const MAX_POLICY_REASON_LENGTH = 1_000;
const MAX_FINDINGS = 100;
const OTHERS_MAY_WRITE = 0o022;

/** What the operator's policy program is told, on its standard input as JSON. */
export interface PolicyRequest {
  readonly targetType: "plugin";
  readonly targetName: string;
  /** Absolute path of the staged plugin. */
  readonly sourcePath: string;
  readonly sourcePathKind: "directory";
  readonly source: { kind: string; authority: string; mutable: boolean; network: boolean };
  readonly origin: Readonly<Record<string, string>>;
  readonly request: {
    kind: "plugin-dir" | "plugin-archive" | "plugin-npm";
    mode: "install" | "update";
    requestedSpecifier: string;
  };
  readonly plugin: Readonly<Record<string, unknown>>;
}

export type PolicyDecision = {
  readonly decision: "allow" | "warn" | "block";
  readonly reason: string;
  readonly findings: readonly unknown[];
};

/**
 * Asks `security.installPolicy` (spec 2.15): a program of the operator's that sees every install and update,
 * from the command line and through the gateway. Off unless `enabled`; once enabled, anything but a clear
 * answer is a refusal.
 */
export async function askInstallPolicy(
  config: Readonly<Record<string, unknown>>,
  request: PolicyRequest,
  options: { env: Readonly<Record<string, string | undefined>>; clock: Clock; hostVersion: string },
): Promise<PolicyDecision> {
  const security = isPlain(config["security"]) ? config["security"] : {};
  const policy = security["installPolicy"];
  if (policy === undefined) return allow();
  if (!isPlain(policy)) return block("security.installPolicy is not an object");
  if (policy["enabled"] !== true)
    return policy["enabled"] === false
      ? allow()
      : block("security.installPolicy.enabled must be true or false");
  const targets = policy["targets"];
  if (targets !== undefined && !Array.isArray(targets))
    return block("security.installPolicy.targets must be a list");
  if (Array.isArray(targets) && !targets.includes(request.targetType)) return allow();
  const program = policy["exec"];
  if (!isPlain(program)) return block("security.installPolicy is enabled without an exec.command");
  const command = text(program["command"]);
  const problem = command ? await problemOf(command, program) : "exec.command is missing";
  if (!command || problem) return block(`the install policy cannot run: ${problem}`);
  try {
    const result = await runProcess({
      command,
      args: texts(program["args"]),
      cwd: dirname(command),
      env: policyEnvironment(program, options.env),
      input: JSON.stringify({
        protocolVersion: POLICY_PROTOCOL_VERSION,
        openclawVersion: options.hostVersion,
        ...request,
      }),
      timeoutMs: bounded(program["timeoutMs"], DEFAULT_POLICY_TIMEOUT_MS, MAX_POLICY_TIMEOUT_MS),
      maxOutputBytes: bounded(
        program["maxOutputBytes"],
        DEFAULT_POLICY_OUTPUT_BYTES,
        DEFAULT_POLICY_OUTPUT_BYTES,
      ),
      clock: options.clock,
    });
    if (result.ended)
      return block(
        `the install policy was ended: ${result.ended === "timeout" ? "it took too long" : "it wrote too much"}`,
      );
    if (result.status !== 0)
      return block(`the install policy failed with status ${result.status}: ${result.stderr.trim()}`);
    return readDecision(result.stdout);
  } catch (error) {
    return block(`the install policy cannot run: ${errorMessage(error)}`);
  }
}

/** @throws SluiceError `POLICY_BLOCKED`, or `POLICY_WARNING` unless it was acknowledged */
export function enforcePolicy(
  { decision, reason, findings }: PolicyDecision,
  pluginId: string,
  warningAcknowledged: boolean,
): readonly string[] {
  if (decision === "allow") return [];
  if (decision === "block") {
    throw new SluiceError<InstallErrorCode>(
      "POLICY_BLOCKED",
      `the install policy refuses "${pluginId}": ${reason}`,
      {
        details: { reason, findings },
      },
    );
  }
  if (!warningAcknowledged) {
    throw new SluiceError<InstallErrorCode>(
      "POLICY_WARNING",
      `the install policy warns about "${pluginId}": ${reason}; repeat with --acknowledge-install-policy-warning to go on`,
      { details: { code: "install_policy_warning_acknowledgement_required", reason, findings } },
    );
  }
  return [`install policy: ${reason}`];
}

function readDecision(stdout: string): PolicyDecision {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return block("the install policy answered no JSON");
  }
  if (!isPlain(answer) || answer["protocolVersion"] !== POLICY_PROTOCOL_VERSION) {
    return block(`the install policy does not speak protocol version ${POLICY_PROTOCOL_VERSION}`);
  }
  const decision = answer["decision"];
  if (decision !== "allow" && decision !== "warn" && decision !== "block")
    return block("the install policy gave no decision");
  const findings = Array.isArray(answer["findings"]) ? answer["findings"].slice(0, MAX_FINDINGS) : [];
  return {
    decision,
    reason: (text(answer["reason"]) ?? "no reason given").slice(0, MAX_POLICY_REASON_LENGTH),
    findings,
  };
}

/** A program that others could have changed decides nothing. */
async function problemOf(
  command: string,
  program: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  if (!isAbsolute(command)) return `${command} is not an absolute path`;
  try {
    const direct = await lstat(command);
    if (direct.isSymbolicLink() && program["allowSymlinkCommand"] !== true) {
      return `${command} is a link; name its target or set allowSymlinkCommand`;
    }
    const real = await realpath(command);
    const trusted = texts(program["trustedDirs"]);
    if (trusted.length > 0 && !trusted.some((folder) => isInside(folder, real)))
      return `${real} is in none of trustedDirs`;
    const stats = await lstat(real);
    if (!stats.isFile()) return `${real} is not a file`;
    if (program["allowInsecurePath"] === true || process.platform === "win32") return undefined;
    const user = process.getuid?.();
    if (stats.mode & OTHERS_MAY_WRITE) return `${real} can be written by others; run: chmod go-w ${real}`;
    if (stats.uid !== 0 && stats.uid !== user) return `${real} belongs to user ${stats.uid}`;
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

function policyEnvironment(
  program: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const name of texts(program["passEnv"])) {
    const value = env[name];
    if (value !== undefined) chosen[name] = value;
  }
  const literal = isPlain(program["env"]) ? program["env"] : {};
  for (const [name, value] of Object.entries(literal)) if (typeof value === "string") chosen[name] = value;
  return chosen;
}

function bounded(value: unknown, standard: number, most: number): number {
  return typeof value === "number" && value > 0 ? Math.min(value, most) : standard;
}

function allow(): PolicyDecision {
  return { decision: "allow", reason: "", findings: [] };
}

function block(reason: string): PolicyDecision {
  return { decision: "block", reason: reason.slice(0, MAX_POLICY_REASON_LENGTH), findings: [] };
}
