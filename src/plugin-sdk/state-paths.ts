import { homedir } from "node:os";
import { join } from "node:path";
import { currentHost } from "./ambient/host.ts";
import { resolveUserPath } from "./values/text.ts";

/** Where the gateway keeps its state: `SLUICE_STATE_DIR`, else the running gateway's, else `~/.sluice`. */
export function resolveStateDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: () => string = homedir,
): string {
  const stated = env["SLUICE_STATE_DIR"]?.trim() || env["OPENCLAW_STATE_DIR"]?.trim();
  if (stated) return resolveUserPath(stated, env as NodeJS.ProcessEnv, home);
  return currentHost()?.runtime.state.resolveStateDir(env) ?? join(home(), ".sluice");
}

export function resolveOAuthDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(resolveStateDir(env), "credentials");
}

export function resolveRequiredHomeDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return env["HOME"]?.trim() || homedir();
}
