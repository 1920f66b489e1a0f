import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { verifyVault } from "../../../extensions/capture-ingest/audit.ts";
import { parseVaultFile } from "../../../extensions/capture-ingest/render/parse.ts";
import {
  nodeFileSystem,
  type VaultFileHandle,
  type VaultFileSystem,
} from "../../../extensions/capture-ingest/vault/file-system.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type Harness, harness, NOW, sampleBatch, sampleEvent } from "./support.ts";

const FILE = "Audio/2026-03-01.md";
type Step = "open" | "write" | "datasync" | "truncate" | "syncFolder" | "mkdir";

/** A file system in which chosen calls fail, or write only a part. */
class Faults {
  readonly failing = new Map<Step, string>();
  /** Bytes the disk takes before it is full. */
  room = Number.POSITIVE_INFINITY;

  readonly fileSystem: VaultFileSystem = {
    ...nodeFileSystem,
    open: async (path, flags, mode) => {
      this.#fail("open");
      return this.#wrap(await nodeFileSystem.open(path, flags, mode));
    },
    mkdir: async (path, options) => {
      this.#fail("mkdir");
      return nodeFileSystem.mkdir(path, options);
    },
    syncFolder: async (path) => {
      this.#fail("syncFolder");
      return nodeFileSystem.syncFolder(path);
    },
  };

  #wrap(handle: VaultFileHandle): VaultFileHandle {
    return {
      stat: () => handle.stat(),
      read: (...parameters) => handle.read(...parameters),
      close: () => handle.close(),
      write: async (buffer, offset, length, position) => {
        this.#fail("write");
        if (this.room < length) {
          const part = this.room;
          this.room = 0;
          if (part > 0) await handle.write(buffer, offset, part, position);
          throw errno("ENOSPC");
        }
        return handle.write(buffer, offset, length, position);
      },
      datasync: async () => {
        this.#fail("datasync");
        await handle.datasync();
      },
      truncate: async (length) => {
        this.#fail("truncate");
        await handle.truncate(length);
      },
    };
  }

  #fail(step: Step): void {
    const code = this.failing.get(step);
    if (code) throw errno(code);
  }
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

const send = (to: Harness, ref: string) => to.post(sampleBatch({ events: [sampleEvent({ raw_ref: ref })] }));
const texts = async (vault: string) => parseVaultFile(await readFile(join(vault, FILE), "utf8")).length;

describe("a vault that cannot be written", () => {
  it.each<[Step, string]>([
    ["open", "EACCES"],
    ["open", "EROFS"],
    ["open", "EIO"],
    ["mkdir", "EACCES"],
    ["write", "EIO"],
    ["datasync", "EIO"],
    ["syncFolder", "EIO"],
  ])("answers 500 when %s fails with %s, and the retry stores everything once", async (step, code) => {
    const faults = new Faults();
    const to = await harness({ fileSystem: faults.fileSystem });
    faults.failing.set(step, code);
    const refused = await send(to, "a");
    expect(refused.status).toBe(500);
    expect(refused.body).toEqual({
      detail: "Storage error: vault write failed",
      request_id: refused.headers.get("x-request-id"),
    });
    faults.failing.clear();
    const retried = await send(to, "a");
    expect(retried.status).toBe(200);
    expect(retried.body.stored + retried.body.skipped).toBe(1);
    expect(await texts(to.vault)).toBe(1);
    expect(await verifyVault(to.service, "default")).toMatchObject({ ok: true, present: 1 });
  });

  it("takes a torn text back when the disk fills up, and leaves what was there", async () => {
    const faults = new Faults();
    const to = await harness({ fileSystem: faults.fileSystem });
    await send(to, "a");
    const before = await readFile(join(to.vault, FILE), "utf8");
    faults.room = 100;
    expect((await send(to, "b")).status).toBe(500);
    expect(await readFile(join(to.vault, FILE), "utf8")).toBe(before);
    faults.room = Number.POSITIVE_INFINITY;
    expect((await send(to, "b")).body).toMatchObject({ stored: 1, skipped: 0 });
    expect(await texts(to.vault)).toBe(2);
  });

  it("leaves no file behind that it could not fill", async () => {
    const faults = new Faults();
    const to = await harness({ fileSystem: faults.fileSystem });
    faults.room = 10;
    expect((await send(to, "a")).status).toBe(500);
    expect(await readdir(join(to.vault, "Audio"))).toEqual([]);
  });

  it.each(["in this process", "after a restart"])(
    "makes a torn text whole %s when it could not even be taken back",
    async (where) => {
      const faults = new Faults();
      const first = await harness({ fileSystem: faults.fileSystem });
      await send(first, "a");
      faults.room = 60;
      faults.failing.set("truncate", "EIO");
      expect((await send(first, "b")).status).toBe(500);
      expect(await readFile(join(first.vault, FILE), "utf8")).not.toMatch(/\^oc-[0-9a-f]{12}\n$/);
      // Still broken: nothing is acknowledged, nothing is doubled.
      expect((await send(first, "b")).status).toBeGreaterThanOrEqual(500);
      faults.room = Number.POSITIVE_INFINITY;
      faults.failing.clear();
      const to = where === "after a restart" ? await first.restart() : first;
      expect((await send(to, "b")).body).toMatchObject({ stored: 0, skipped: 1 });
      expect((await send(to, "c")).body).toMatchObject({ stored: 1, skipped: 0 });
      expect(await texts(to.vault)).toBe(3);
      expect(await verifyVault(to.service, "default")).toMatchObject({ ok: true, present: 3 });
    },
  );

  it("fails a whole group of concurrent batches and stores each once afterwards", async () => {
    const faults = new Faults();
    const to = await harness({ fileSystem: faults.fileSystem });
    await send(to, "first");
    faults.room = 700;
    const refs = Array.from({ length: 12 }, (_, n) => `r${n}`);
    const statuses = (await Promise.all(refs.map((ref) => send(to, ref)))).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 500).length).toBeGreaterThan(0);
    faults.room = Number.POSITIVE_INFINITY;
    for (const ref of refs) expect((await send(to, ref)).status).toBe(200);
    expect(await texts(to.vault)).toBe(13);
    expect(await verifyVault(to.service, "default")).toMatchObject({ ok: true, present: 13 });
  });

  it("pays a broken file in its own time when no further batch comes", async () => {
    const clock = new ManualClock(NOW);
    const faults = new Faults();
    const to = await harness({ fileSystem: faults.fileSystem, clock });
    await send(to, "a");
    faults.room = 60;
    faults.failing.set("truncate", "EIO");
    await send(to, "b");
    faults.room = Number.POSITIVE_INFINITY;
    faults.failing.clear();
    await clock.advance(60_000);
    await expect.poll(() => texts(to.vault)).toBe(2);
  });

  it("refuses to write through links, into devices and into a vault that is gone", async () => {
    const to = await harness();
    const elsewhere = await temporaryFolder();
    await writeFile(join(elsewhere, "target.md"), "untouched");
    await mkdir(join(to.vault, "Audio"));
    await symlink(join(elsewhere, "target.md"), join(to.vault, FILE));
    expect((await send(to, "a")).status).toBe(500);
    await rm(join(to.vault, "Audio"), { recursive: true });
    await symlink(elsewhere, join(to.vault, "Audio"));
    expect((await send(to, "a")).status).toBe(500);
    await rm(join(to.vault, "Audio"));
    await mkdir(join(to.vault, FILE), { recursive: true });
    expect((await send(to, "a")).status).toBe(500);
    await rename(to.vault, `${to.vault}.away`);
    expect((await send(to, "a")).status).toBe(500);
    expect(await readdir(elsewhere)).toEqual(["target.md"]);
    expect(await readFile(join(elsewhere, "target.md"), "utf8")).toBe("untouched");
    await rename(`${to.vault}.away`, to.vault);
    await rm(join(to.vault, "Audio"), { recursive: true });
    expect((await send(to, "a")).body).toMatchObject({ stored: 1 });
  });

  it("starts a file again that the user deleted", async () => {
    const to = await harness();
    await send(to, "a");
    await rm(join(to.vault, "Audio"), { recursive: true });
    expect((await send(to, "a")).body).toMatchObject({ stored: 0, skipped: 1 });
    await send(to, "b");
    expect(await texts(to.vault)).toBe(1);
    expect(await verifyVault(to.service, "default")).toMatchObject({ ok: false, missing: 1, present: 1 });
  });

  it("goes on when the clock is set back and forth", async () => {
    const wall = { offset: 0 };
    class JumpingClock extends ManualClock {
      override now(): number {
        return super.now() + wall.offset;
      }
    }
    const to = await harness({ clock: new JumpingClock(NOW) });
    for (const offset of [0, -86_400_000 * 365, 3_600_000, -7_200_000, 0]) {
      wall.offset = offset;
      const at = (NOW + offset) / 1_000;
      const answer = await to.post(
        sampleBatch({ timestamp: at, events: [sampleEvent({ raw_ref: `o${offset}`, timestamp: at })] }),
      );
      expect(answer.status).toBe(200);
    }
    expect(await verifyVault(to.service, "default")).toMatchObject({ ok: true });
  });

  it.runIf(process.getuid?.() === 0 && canMount())("survives a really full disk", async () => {
    const disk = await temporaryFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]);
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    const to = await harness({ settings: { vault: join(disk, "vault") } });
    const big = (ref: string) =>
      to.post(sampleBatch({ events: [sampleEvent({ raw_ref: ref, data: { text: "x".repeat(20_000) } })] }));
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await big(`big-${n}`)).status);
    expect(statuses).toContain(200);
    expect(statuses.at(-1)).toBe(500);
    const full = await readFile(join(disk, "vault", FILE), "utf8");
    expect(full).toMatch(/\n\^oc-[0-9a-f]{12}\n$/);
    execFileSync("mount", ["-o", "remount,size=1m", disk]);
    for (let n = 0; n < 5; n++) expect((await big(`big-${n}`)).status).toBe(200);
    expect(await texts(join(disk, "vault"))).toBe(5);
    execFileSync("mount", ["-o", "remount,ro", disk]);
    expect((await big("later")).status).toBe(500);
    execFileSync("mount", ["-o", "remount,rw", disk]);
    expect((await big("later")).body).toMatchObject({ stored: 1 });
    expect(await verifyVault(to.service, "default")).toMatchObject({ ok: true, present: 6 });
  });
});

function canMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
