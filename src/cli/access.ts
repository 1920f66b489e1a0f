import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { resolveStateDir } from "../runtime/state/state-folder.ts";
import { cliError } from "./errors.ts";

/** How to reach and open a gateway. */
export interface Access {
  url: string;
  /** Undefined when none was found; the gateway then says what is missing. */
  token: string | undefined;
  stateDir: string;
  configPath: string;
}

export interface AccessOptions {
  url?: string;
  port?: string;
  token?: string;
}

const DEFAULT_PORT = 18_789;

type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration file: `SLUICE_CONFIG_PATH`, else `sluice.json` in the state folder. */
export function configFile(env: Environment): string {
  return resolve(env["SLUICE_CONFIG_PATH"] || join(resolveStateDir(env), "sluice.json"));
}

/** Options win over the environment, the environment over the configuration file. */
export async function resolveAccess(options: AccessOptions, env: Environment): Promise<Access> {
  const stateDir = resolveStateDir(env);
  const configPath = configFile(env);
  const gateway = await gatewaySection(configPath);
  const port = portNumber(options.port ?? env["SLUICE_GATEWAY_PORT"] ?? gateway.port ?? DEFAULT_PORT);
  return {
    url: options.url ?? `ws://127.0.0.1:${port}`,
    token: options.token ?? env["SLUICE_GATEWAY_TOKEN"] ?? gateway.token ?? (await generatedToken(stateDir)),
    stateDir,
    configPath,
  };
}

function portNumber(value: unknown): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw cliError("USAGE", `"${String(value)}" is not a port; expected a number from 1 to 65535`);
}

/** Port and plain token of the configuration; a broken file counts as empty, `sluice doctor` names it. */
async function gatewaySection(path: string): Promise<{ port?: unknown; token?: string }> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  const { default: json5 } = await import("json5");
  try {
    const gateway = json5.parse<{ gateway?: { port?: unknown; auth?: { token?: unknown } } }>(text)?.gateway;
    const token = gateway?.auth?.token;
    return { port: gateway?.port, ...(typeof token === "string" && token ? { token } : {}) };
  } catch {
    return {};
  }
}

/** The token the gateway made for itself on its first start. */
async function generatedToken(stateDir: string): Promise<string | undefined> {
  const text = await readFile(join(stateDir, TOKEN_FILE), "utf8").catch(() => undefined);
  return text?.trim() || undefined;
}

const TOKEN_FILE = "gateway-token";
