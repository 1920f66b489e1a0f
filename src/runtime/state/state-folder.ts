import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Environment names of the state folder; the first that is set wins. */
export const STATE_FOLDER_VARIABLES = ["SLUICE_STATE_DIR", "OPENCLAW_STATE_DIR"] as const;

/**
 * The absolute path of the state folder: `SLUICE_STATE_DIR`, else `OPENCLAW_STATE_DIR`, else `~/.sluice`.
 * A leading `~` is the home folder.
 */
export function resolveStateDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: () => string = homedir,
): string {
  for (const name of STATE_FOLDER_VARIABLES) {
    const value = env[name]?.trim();
    if (value) return resolve(value.replace(/^~(?=$|[\\/])/, home));
  }
  return join(home(), ".sluice");
}
