import { readFile } from "node:fs/promises";
import { type CheckResult, failed, passed, warned } from "./checks/check.ts";

export interface ConfigFinding {
  severity: "error" | "warning";
  /** Dotted path of the field, `""` for the whole text. */
  path: string;
  message: string;
}

/** Checks configuration text without a gateway, without a store and without running plugin code. */
export async function checkConfigText(text: string): Promise<ConfigFinding[]> {
  const { default: json5 } = await import("json5");
  let value: unknown;
  try {
    value = json5.parse(text);
  } catch (error) {
    return [{ severity: "error", path: "", message: (error as Error).message.replace(/^JSON5: /, "") }];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [{ severity: "error", path: "", message: "expected an object at the top" }];
  return [];
}

/** The configuration file as `sluice doctor` sees it. */
export async function checkConfigFile(path: string): Promise<CheckResult> {
  const name = "configuration";
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== "string") {
    return text.code === "ENOENT"
      ? passed(name, `${path} does not exist; defaults apply`)
      : failed(name, `${path} can not be read (${text.code})`, `chmod u+r "${path}"`);
  }
  const findings = await checkConfigText(text);
  const worst = findings.find((finding) => finding.severity === "error") ?? findings[0];
  if (!worst) return passed(name, `${path} is valid`);
  const at = worst.path ? `${worst.path}: ` : "";
  const message = `${path}: ${at}${worst.message}`;
  return worst.severity === "error"
    ? failed(name, message, "sluice config validate")
    : warned(name, message, "sluice config validate");
}
