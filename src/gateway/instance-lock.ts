import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Disposable, disposable } from "../kernel/disposable.ts";
import { SluiceError } from "../kernel/errors.ts";
import { newUuid } from "../kernel/ids.ts";

export const LOCK_FILE_NAME = "gateway.lock";

/** Attempts to take a lock over; each failed one means that somebody else was quicker. */
const MAX_TAKEOVERS = 3;

interface LockRecord {
  pid: number;
  ownerId: string;
  /** When the process began, as the system tells it: the same pid at another time is another process. */
  processStart: string;
}

/**
 * Takes the one place of a gateway on a state folder. A lock whose process is gone is taken over.
 *
 * @throws SluiceError `GATEWAY_ALREADY_RUNNING` naming the process that holds it
 */
export async function takeInstanceLock(file: string): Promise<Disposable> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const ownerId = newUuid();
  const record: LockRecord = { pid: process.pid, ownerId, processStart: startOf(process.pid) };
  const own = `${file}.${ownerId}`;
  await writeFile(own, JSON.stringify(record), { mode: 0o600, flag: "wx" });
  try {
    for (let attempt = 0; attempt < MAX_TAKEOVERS; attempt++) {
      if (await linked(own, file)) return disposable(() => release(file, ownerId));
      const holder = await readLock(file);
      if (holder && isAlive(holder)) throw alreadyRunning(file, holder);
      await putAside(file, holder?.ownerId);
    }
    throw alreadyRunning(file, undefined);
  } finally {
    await rm(own, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function readLock(file: string): Promise<LockRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as LockRecord;
  } catch {
    return undefined;
  }
}

/** Removes the stale lock, and only that one: another starter may have replaced it meanwhile. */
async function putAside(file: string, staleOwner: string | undefined): Promise<void> {
  const aside = `${file}.stale-${newUuid()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = await readLock(aside);
  if (moved?.ownerId !== staleOwner) await linked(aside, file);
  await rm(aside, { force: true });
}

async function release(file: string, ownerId: string): Promise<void> {
  const holder = await readLock(file);
  if (holder?.ownerId === ownerId) await rm(file, { force: true });
}

function isAlive(record: LockRecord): boolean {
  try {
    process.kill(record.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return startOf(record.pid) === record.processStart;
}

const START_TIME_FIELD = 19;

/** When a process began, where the system tells; otherwise nothing distinguishes two of the same pid. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name in parentheses may hold spaces; fields are counted after it.
    return `${boot}:${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME_FIELD]}`;
  } catch {
    return "";
  }
}

function alreadyRunning(file: string, holder: LockRecord | undefined): SluiceError {
  const who = holder ? ` (process ${holder.pid})` : "";
  return new SluiceError(
    "GATEWAY_ALREADY_RUNNING",
    `another gateway${who} uses this state folder; stop it, or set SLUICE_STATE_DIR to another folder`,
    { details: { file, ...(holder ? { pid: holder.pid } : {}) } },
  );
}
