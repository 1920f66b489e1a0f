import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Others kept the lock until the retries were used up. */
export const FILE_LOCK_TIMEOUT_ERROR_CODE = "file_lock_timeout";
/** The lock was left behind, and `staleRecovery` says not to take it away. */
export const FILE_LOCK_STALE_ERROR_CODE = "file_lock_stale";

export interface FileLockOptions {
  retries: {
    retries: number;
    factor: number;
    minTimeout: number;
    maxTimeout: number;
    randomize?: boolean;
  };
  /** A lock older than this was left by a process that died. */
  stale: number;
  /** Default `remove-if-unchanged`: a stale lock goes, unless somebody took it meanwhile. */
  staleRecovery?: "fail-closed" | "remove-if-unchanged";
  [extra: string]: unknown;
}

/**
 * @throws an error whose code is {@link FILE_LOCK_TIMEOUT_ERROR_CODE} or {@link FILE_LOCK_STALE_ERROR_CODE}
 */
export async function acquireFileLock(
  path: string,
  { retries, stale, staleRecovery }: FileLockOptions,
): Promise<{ lockPath: string; release(): Promise<void> }> {
  const lockPath = `${path}.lock`;
  await mkdir(dirname(lockPath), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(lockPath, "wx");
      await handle.writeFile(JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() }));
      await handle.close();
      return { lockPath, release: () => rm(lockPath, { force: true }) };
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
    const known = await look(lockPath);
    if (!known) continue;
    if (Date.now() - known.mtimeMs > stale) {
      if (staleRecovery === "fail-closed") {
        throw refused(FILE_LOCK_STALE_ERROR_CODE, `${lockPath} was left by a process that died`, lockPath);
      }
      const again = await look(lockPath);
      if (again?.text === known.text && again.mtimeMs === known.mtimeMs) await rm(lockPath, { force: true });
      continue;
    }
    if (attempt >= retries.retries) {
      throw refused(FILE_LOCK_TIMEOUT_ERROR_CODE, `${path} stays locked by another process`, lockPath);
    }
    const delay = Math.min(retries.maxTimeout, retries.minTimeout * retries.factor ** attempt);
    const wait = retries.randomize ? delay * (0.5 + Math.random() / 2) : delay;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export async function withFileLock<T>(
  path: string,
  options: FileLockOptions,
  run: () => Promise<T>,
): Promise<T> {
  const { release } = await acquireFileLock(path, options);
  try {
    return await run();
  } finally {
    await release();
  }
}

async function look(lockPath: string): Promise<{ text: string; mtimeMs: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lockPath, "utf8"), stat(lockPath)]);
    return { text, mtimeMs };
  } catch {
    return undefined;
  }
}

function refused(code: string, message: string, lockPath: string): Error {
  return Object.assign(new Error(message), { code, lockPath });
}
