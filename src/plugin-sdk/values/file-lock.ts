import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

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
  [extra: string]: unknown;
}

/** @throws an error with code `file_lock_timeout` when others keep the lock */
export async function acquireFileLock(
  path: string,
  { retries, stale }: FileLockOptions,
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
    const known = await stat(lockPath).catch(() => undefined);
    if (!known) continue;
    if (Date.now() - known.mtimeMs > stale) {
      await rm(lockPath, { force: true });
      continue;
    }
    if (attempt >= retries.retries) {
      throw Object.assign(new Error(`${path} stays locked by another process`), {
        code: "file_lock_timeout",
        lockPath,
      });
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
