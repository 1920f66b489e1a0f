import { chmod, realpath, stat } from "node:fs/promises";
import { isInside } from "../../kernel/confine-path.ts";
import type { PluginOrigin } from "../types.ts";

export interface GateRefusal {
  code:
    | "source-escapes-root"
    | "path-stat-failed"
    | "path-world-writable"
    | "path-suspicious-ownership"
    | "entry-unsafe-path";
  message: string;
}

const WORLD_WRITABLE = 0o002;

/**
 * Checks a plugin's folder and its entry modules before any of its code may run (spec 2.3).
 *
 * A bundled folder that is world-writable is repaired when that is possible.
 */
export async function checkPathGates(
  origin: PluginOrigin,
  realRoot: string,
  entries: readonly string[],
): Promise<GateRefusal | undefined> {
  const root = await checkPath(origin, realRoot, realRoot);
  if (root) return root;
  for (const entry of entries) {
    const refusal = await checkPath(origin, realRoot, entry);
    if (refusal) return refusal;
  }
  return undefined;
}

async function checkPath(
  origin: PluginOrigin,
  realRoot: string,
  path: string,
): Promise<GateRefusal | undefined> {
  let real: string;
  let stats: Awaited<ReturnType<typeof stat>>;
  try {
    real = await realpath(path);
    stats = await stat(real);
  } catch (error) {
    return { code: "path-stat-failed", message: `${path} cannot be examined: ${(error as Error).message}` };
  }
  // Reading a pipe or a device would hold a thread for ever.
  if (!stats.isFile() && !stats.isDirectory()) {
    return { code: "entry-unsafe-path", message: `${path} is not a regular file` };
  }
  if (!isInside(realRoot, real)) {
    return { code: "source-escapes-root", message: `${path} leads out of the plugin's folder ${realRoot}` };
  }
  if (process.platform === "win32") return undefined;
  if (
    Number(stats.mode) & WORLD_WRITABLE &&
    !(origin === "bundled" && (await repaired(real, Number(stats.mode))))
  ) {
    return {
      code: "path-world-writable",
      message: `${real} can be written by every user; run: chmod o-w ${real}`,
    };
  }
  if (origin === "bundled") return undefined;
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user && stats.uid !== 0) {
    return {
      code: "path-suspicious-ownership",
      message: `${real} belongs to user ${stats.uid}, neither to you nor to root`,
    };
  }
  if (stats.isFile() && stats.nlink > 1) {
    return { code: "entry-unsafe-path", message: `${real} is a hard link; copy the file instead` };
  }
  return undefined;
}

async function repaired(path: string, mode: number): Promise<boolean> {
  try {
    await chmod(path, mode & ~WORLD_WRITABLE & 0o7777);
    return true;
  } catch {
    return false;
  }
}
