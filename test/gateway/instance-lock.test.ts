import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { LOCK_FILE_NAME, takeInstanceLock } from "../../src/gateway/instance-lock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function fieldsOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** A lock file that a running process seems to hold. */
async function lockOf(pid: number): Promise<string> {
  const file = join(await temporaryFolder(), LOCK_FILE_NAME);
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const processStart = `${boot}:${(await fieldsOf(pid))[19]}`;
  await writeFile(file, JSON.stringify({ pid, ownerId: "other", processStart }));
  return file;
}

function started(command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

it("is taken from a dead process also when the clock was set back since its guard was made", async () => {
  const file = join(await temporaryFolder(), LOCK_FILE_NAME);
  await writeFile(file, JSON.stringify({ pid: 0, ownerId: "dead", processStart: "" }));
  await mkdir(`${file}.takeover`);
  const tomorrow = new Date(Date.now() + 86_400_000);
  await utimes(`${file}.takeover`, tomorrow, tomorrow);
  const lock = await takeInstanceLock(file);
  await lock.dispose();
  expect(lock).toBeDefined();
});

it.skipIf(process.platform !== "linux")("is not taken from a process that runs", async () => {
  const { pid = 0 } = started("sleep", ["10"]);
  const taken = takeInstanceLock(await lockOf(pid));
  await expect(taken).rejects.toMatchObject({ code: "GATEWAY_ALREADY_RUNNING", details: { pid } });
});

it.skipIf(process.platform !== "linux")("is taken from a process that is just being killed", async () => {
  const child = started("sleep", ["10"]);
  const taking = takeInstanceLock(await lockOf(child.pid ?? 0));
  child.kill("SIGKILL");
  const lock = await taking;
  await lock.dispose();
  expect(lock).toBeDefined();
});

it.skipIf(process.platform !== "linux")(
  "is taken from a process that has ended and was not collected",
  async () => {
    // The second sleep takes the place of the shell, which would have collected the first.
    const parent = started("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 10"]);
    const [line] = (await once(parent.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const pid = Number(line.toString());
    const file = await lockOf(pid);
    await expect.poll(async () => (await fieldsOf(pid))[0]).toBe("Z");
    const lock = await takeInstanceLock(file);
    await lock.dispose();
    expect(lock).toBeDefined();
  },
);
