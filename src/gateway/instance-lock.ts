import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Disposable, disposable } from "../kernel/disposable.ts";
import { SluiceError } from "../kernel/errors.ts";
import { newUuid } from "../kernel/ids.ts";

export const LOCK_FILE_NAME = "gateway.lock";

const LOOK_PERIOD_MS = 20;
/** A takeover is a few file operations; a guard older than this was left by a process that died in one. */
const GUARD_LIFETIME_MS = 5_000;
/** A process that was killed is still there for a moment. */
const DYING_LIMIT_MS = 500;
/** Looks at a lock that somebody else is taking over, before giving up: longer than a dead guard lives. */
const MAX_LOOKS = Math.ceil((GUARD_LIFETIME_MS + 2_000) / LOOK_PERIOD_MS);

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
    for (let look = 0; look < MAX_LOOKS; look++) {
      if (await linked(own, file)) return disposable(() => release(file, ownerId));
      const holder = await readLock(file);
      if (holder === "missing") continue;
      if (await staysAlive(holder)) throw alreadyRunning(file, holder);
      if (await takenOver(own, file, holder)) return disposable(() => release(file, ownerId));
      await delay(LOOK_PERIOD_MS);
    }
    throw alreadyRunning(file, undefined);
  } finally {
    await rm(own, { force: true });
  }
}

/** Replaces a stale lock by ours. Only who made the guard folder may, so that two starters never replace each other's. */
async function takenOver(own: string, file: string, stale: LockRecord): Promise<boolean> {
  const guard = `${file}.takeover`;
  if (!(await made(guard))) return false;
  try {
    const now = await readLock(file);
    if (now === "missing" || now.ownerId !== stale.ownerId) return false;
    await rename(own, file);
    return true;
  } finally {
    await rmdir(guard).catch(() => {});
  }
}

async function made(guard: string): Promise<boolean> {
  try {
    await mkdir(guard);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Date.now() }));
  // A guard from the future was made before the clock was set back.
  if (Math.abs(Date.now() - mtimeMs) > GUARD_LIFETIME_MS) await rmdir(guard).catch(() => {});
  return false;
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

/** A lock that can not be read belongs to nobody who lives. */
async function readLock(file: string): Promise<LockRecord | "missing"> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  try {
    return JSON.parse(text) as LockRecord;
  } catch {
    return { pid: 0, ownerId: "", processStart: "" };
  }
}

async function release(file: string, ownerId: string): Promise<void> {
  const holder = await readLock(file);
  if (holder !== "missing" && holder.ownerId === ownerId) await rm(file, { force: true });
}

async function staysAlive(record: LockRecord): Promise<boolean> {
  for (let waited = 0; waited < DYING_LIMIT_MS; waited += LOOK_PERIOD_MS) {
    if (!isAlive(record)) return false;
    await delay(LOOK_PERIOD_MS);
  }
  return isAlive(record);
}

function isAlive(record: LockRecord): boolean {
  if (!Number.isInteger(record.pid) || record.pid <= 0) return false;
  try {
    process.kill(record.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return startOf(record.pid) === record.processStart;
}

const STATE_FIELD = 0;
const START_TIME_FIELD = 19;

/**
 * When a process began, where the system tells; otherwise nothing distinguishes two of the same pid. One that has
 * ended and that nobody has asked about yet keeps its pid, and began at no time.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name in parentheses may hold spaces; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const hasEnded = /^[ZXx]/.test(fields[STATE_FIELD] ?? "");
    return `${boot}:${hasEnded ? "ended" : fields[START_TIME_FIELD]}`;
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
