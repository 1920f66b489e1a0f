import { errorMessage } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import type { ConfigRecord } from "./parse-text.ts";
import { isSecretSection, secretParts } from "./secret-places.ts";
import { isSecretRef, SecretResolver } from "./secret-ref.ts";
import type { ConfigProblem } from "./types.ts";

/** `${NAME}`, or `$${NAME}` for the literal text (spec 10.3). */
const REFERENCE = /\$?\$\{([A-Z_][A-Z0-9_]*)\}/g;

export interface ResolvedConfig {
  config: ConfigRecord;
  problems: ConfigProblem[];
  /** Every text that must not appear in logs. */
  secrets: string[];
}

/**
 * The runtime form of a configuration: environment names substituted, secret references replaced by their
 * values. A reference without a value is left out with a warning, so that its owner sees a missing setting.
 */
export async function resolveConfig(
  effective: ConfigRecord,
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<ResolvedConfig> {
  const environment = withVariables(env, effective);
  const secrets = new SecretResolver(environment, effective, folder);
  const result: ResolvedConfig = { config: {}, problems: [], secrets: [] };

  const visit = async (node: unknown, path: string, key: string, inSection: boolean): Promise<unknown> => {
    if (typeof node === "string") {
      const text = substitute(node, environment, (name) =>
        warn(path, `the environment variable ${name} is not set`),
      );
      if (!text.includes("${")) result.secrets.push(...secretParts(text, key, inSection));
      return text;
    }
    if (isSecretRef(node) && !path.startsWith("secrets.providers.")) {
      try {
        const value = await secrets.resolve(node);
        result.secrets.push(value);
        return value;
      } catch (error) {
        warn(path, errorMessage(error));
        return undefined;
      }
    }
    if (Array.isArray(node)) {
      const items = await Promise.all(
        node.map((item, index) => visit(item, `${path}[${index}]`, key, inSection)),
      );
      return items.filter((item) => item !== undefined);
    }
    if (!isRecord(node)) return node;
    const copy: ConfigRecord = {};
    for (const [name, child] of Object.entries(node)) {
      const place = path === "" ? name : `${path}.${name}`;
      const value = await visit(child, place, name, inSection || isSecretSection(name));
      if (value !== undefined) copy[name] = value;
    }
    return copy;
  };
  const warn = (path: string, message: string) => {
    result.problems.push({ path, message, severity: "warning" });
  };

  result.config = (await visit(effective, "", "", false)) as ConfigRecord;
  return result;
}

function substitute(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  onMissing: (name: string) => void,
): string {
  if (!text.includes("${")) return text;
  return text.replace(REFERENCE, (match, name: string) => {
    if (match.startsWith("$$")) return match.slice(1);
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    onMissing(name);
    return match;
  });
}

/** `env.vars` of the configuration fill what the environment does not have. */
function withVariables(
  env: Readonly<Record<string, string | undefined>>,
  effective: ConfigRecord,
): Readonly<Record<string, string | undefined>> {
  const section = effective["env"];
  const vars = isRecord(section) ? section["vars"] : undefined;
  if (!isRecord(vars)) return env;
  const merged: Record<string, string | undefined> = { ...env };
  for (const [name, value] of Object.entries(vars)) {
    if (typeof value === "string" && !merged[name]) merged[name] = value;
  }
  return merged;
}
