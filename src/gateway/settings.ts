import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { SluiceError } from "../kernel/errors.ts";
import { newSecret } from "../kernel/ids.ts";
import type { SluiceConfig } from "../runtime/config/index.ts";
import { isLoopback } from "./connection/address.ts";
import type { AuthSettings } from "./connection/shared-secret.ts";
import { readSecretFile, writeSecretFileOnce } from "./secret-file.ts";

export type SettingsErrorCode = "GATEWAY_PORT_INVALID" | "GATEWAY_BIND_INVALID" | "GATEWAY_AUTH_REQUIRED";

export const DEFAULT_PORT = 18_789;
export const CONFIG_FILE_NAME = "sluice.json";
export const TOKEN_FILE_NAME = "gateway-token";

type Environment = Readonly<Record<string, string | undefined>>;

/** `SLUICE_CONFIG_PATH`, else the file in the state folder. */
export function configPathOf(env: Environment, stateDir: string): string {
  return resolve(env["SLUICE_CONFIG_PATH"] || join(stateDir, CONFIG_FILE_NAME));
}

/** Option > environment > configuration > 18789; 0 lets the system choose (spec 9.5). */
export function portOf(option: number | undefined, env: Environment, config: SluiceConfig): number {
  const value = option ?? env["SLUICE_GATEWAY_PORT"] ?? config.gateway?.port ?? DEFAULT_PORT;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new SluiceError<SettingsErrorCode>(
    "GATEWAY_PORT_INVALID",
    `"${String(value)}" is not a port; give a number from 1 to 65535`,
  );
}

/** The address to listen on. Anything but loopback must be asked for (spec 9.5). */
export function hostOf(option: string | undefined, config: SluiceConfig): string {
  const bind = option ?? config.gateway?.bind ?? "loopback";
  if (bind === "loopback" || bind === "auto") return "127.0.0.1";
  if (bind === "lan") return "0.0.0.0";
  const address = bind === "custom" ? config.gateway?.["customBindHost"] : bind;
  if (typeof address === "string" && isIP(address) !== 0) return address;
  throw new SluiceError<SettingsErrorCode>(
    "GATEWAY_BIND_INVALID",
    `"${bind}" is not a bind mode; use loopback, lan or an address of this machine`,
  );
}

/** What callers must show, from option, environment and configuration. Read anew on every attempt. */
export function authSettings(
  config: SluiceConfig,
  given: { token?: string | undefined; generated?: string | undefined },
): AuthSettings {
  const auth = config.gateway?.auth;
  const mode =
    auth?.mode ?? (typeof auth?.password === "string" && auth.token === undefined ? "password" : "token");
  if (mode === "none") return { mode };
  const own = mode === "password" ? auth?.password : auth?.token;
  const secret = given.token ?? (typeof own === "string" && own !== "" ? own : given.generated);
  return { mode, secret };
}

/** @throws SluiceError `GATEWAY_AUTH_REQUIRED` for a reachable address that nothing guards */
export function assertGuarded(host: string, settings: AuthSettings): void {
  if (settings.mode !== "none" || isLoopback(host)) return;
  throw new SluiceError<SettingsErrorCode>(
    "GATEWAY_AUTH_REQUIRED",
    `without authentication the gateway listens on loopback only, not on ${host}; set gateway.auth.token`,
  );
}

/** The token of a state folder, made at the first start (mode 0600). */
export async function generatedToken(stateDir: string): Promise<string> {
  const file = join(stateDir, TOKEN_FILE_NAME);
  const stored = (await readSecretFile(file))?.trim();
  return stored || (await writeSecretFileOnce(file, `${newSecret(32)}\n`)).trim();
}

export function allowedOrigins(config: SluiceConfig): readonly string[] {
  return config.gateway?.controlUi?.allowedOrigins ?? [];
}

export function trustedProxies(config: SluiceConfig): readonly string[] {
  const listed = config.gateway?.["trustedProxies"];
  return Array.isArray(listed) ? listed.filter((item): item is string => typeof item === "string") : [];
}

export function autoApproveLocal(config: SluiceConfig): boolean {
  const nodes = config.gateway?.["nodes"] as { pairing?: { autoApproveLocal?: boolean } } | undefined;
  return nodes?.pairing?.autoApproveLocal !== false;
}
