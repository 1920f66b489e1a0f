import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type CheckResult, failed, passed, warned } from "./checks/check.ts";

export interface ConfigFinding {
  severity: "error" | "warning";
  /** Dotted path of the field, `""` for the whole file. */
  path: string;
  message: string;
}

export interface ConfigReport {
  exists: boolean;
  findings: ConfigFinding[];
}

/** Checks a configuration file with its includes, without a gateway, a store or plugin code. */
export async function inspectConfigFile(path: string): Promise<ConfigReport> {
  const [{ readSource }, { validateCore }] = await Promise.all([
    import("../runtime/config/source.ts"),
    import("../runtime/config/validate.ts"),
  ]);
  const source = await readSource(path, []);
  const findings =
    source.effective === undefined
      ? [{ severity: "error" as const, path: "", message: source.error ?? "it can not be read" }]
      : validateCore(source.effective);
  return { exists: source.exists, findings };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration as the gateway would read it now, references resolved. A missing or broken file counts as
 * empty; `sluice doctor` names what is wrong with it.
 */
export async function readLocalConfig(
  path: string,
  env: Environment,
): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path)) return {};
  const [{ readSource }, { resolveConfig }] = await Promise.all([
    import("../runtime/config/source.ts"),
    import("../runtime/config/resolve.ts"),
  ]);
  const { effective } = await readSource(path, []);
  return effective === undefined ? {} : (await resolveConfig(effective, env, dirname(path))).config;
}

/** The configuration file as `sluice doctor` sees it. */
export async function checkConfigFile(path: string): Promise<CheckResult> {
  const name = "configuration";
  const { exists, findings } = await inspectConfigFile(path);
  if (!exists) return passed(name, `${path} does not exist; defaults apply`);
  const worst = findings.find((finding) => finding.severity === "error") ?? findings[0];
  if (!worst) return passed(name, `${path} is valid`);
  const message = `${path}: ${worst.path ? `${worst.path}: ` : ""}${worst.message}`;
  return worst.severity === "error"
    ? failed(name, message, "sluice config validate")
    : warned(name, message, "sluice config validate");
}
