import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { resolveStateDir } from "../runtime/state/index.ts";
import { cliError } from "./errors.ts";
import { readLocalConfig } from "./local-config.ts";

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
  const gateway = await gatewaySection(configPath, env);
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

/** Port and secret of the configuration. */
async function gatewaySection(path: string, env: Environment): Promise<{ port?: unknown; token?: string }> {
  const gateway = (await readLocalConfig(path, env))["gateway"] as
    | { port?: unknown; auth?: { token?: unknown; password?: unknown } }
    | undefined;
  const secret = gateway?.auth?.token ?? gateway?.auth?.password;
  return { port: gateway?.port, ...(typeof secret === "string" && secret ? { token: secret } : {}) };
}

/** The token the gateway made for itself on its first start. */
async function generatedToken(stateDir: string): Promise<string | undefined> {
  const text = await readFile(join(stateDir, TOKEN_FILE), "utf8").catch(() => undefined);
  return text?.trim() || undefined;
}

const TOKEN_FILE = "gateway-token";
