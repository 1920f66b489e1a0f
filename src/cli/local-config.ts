import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type CheckResult, failed, passed, warned } from "./checks/check.ts";

type Environment = Readonly<Record<string, string | undefined>>;

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

/**
 * Checks a configuration file with its includes, without a gateway, a store or plugin code: the core's sections, and
 * what belongs to plugins and channels by the manifests that this configuration would find.
 */
export async function inspectConfigFile(path: string, env: Environment): Promise<ConfigReport> {
  const [{ readSource }, { validateCore, validateExtensions }] = await Promise.all([
    import("../runtime/config/source.ts"),
    import("../runtime/config/validate.ts"),
  ]);
  const { exists, effective, error } = await readSource(path, []);
  if (effective === undefined) {
    return { exists, findings: [{ severity: "error", path: "", message: error ?? "it can not be read" }] };
  }
  const findings = validateCore(effective);
  if (findings.some(({ severity }) => severity === "error")) return { exists, findings };
  const { schemasFor } = await import("./plugin-folders.ts");
  return {
    exists,
    findings: [...findings, ...validateExtensions(effective, await schemasFor(effective, env))],
  };
}

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
export async function checkConfigFile(path: string, env: Environment): Promise<CheckResult> {
  const name = "configuration";
  const { exists, findings } = await inspectConfigFile(path, env);
  if (!exists) return passed(name, `${path} does not exist; defaults apply`);
  const worst = findings.find((finding) => finding.severity === "error") ?? findings[0];
  if (!worst) return passed(name, `${path} is valid`);
  const message = `${path}: ${worst.path ? `${worst.path}: ` : ""}${worst.message}`;
  return worst.severity === "error"
    ? failed(name, message, "sluice config validate")
    : warned(name, message, "sluice config validate");
}
