import { access, constants, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type CheckResult, failed, passed, warned } from "./check.ts";

const OTHERS = 0o077;
/** Files that hold secrets, by name or ending. */
const SECRET = /(^|[-.])(token|secret|key|identity)|\.(json|db|sqlite|sqlite3)$/i;

/** Checks that the state folder is ours, writable, and closed to everybody else. */
export async function checkStateFolder(path: string): Promise<CheckResult> {
  const name = "state folder";
  const stat = await lstat(path).catch(() => undefined);
  if (!stat) return passed(name, `${path} does not exist yet; the first start makes it`);
  if (!stat.isDirectory())
    return failed(name, `${path} is not a folder`, "move it away or set SLUICE_STATE_DIR");
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return failed(name, `${path} can not be written by this user`, `chown -R "$(id -un)" "${path}"`);
  }
  if (process.platform === "win32") return passed(name, `${path} is writable`);
  if (stat.mode & OTHERS)
    return failed(name, `${path} can be read by other users of this machine`, `chmod 700 "${path}"`);
  for (const entry of await readdir(path)) {
    if (!SECRET.test(entry)) continue;
    const file = join(path, entry);
    const { mode } = await lstat(file).catch(() => ({ mode: 0 }));
    if (mode & OTHERS)
      return warned(name, `${file} has mode ${(mode & 0o777).toString(8)}`, `chmod 600 "${file}"`);
  }
  return passed(name, `${path} is writable and closed to others`);
}
