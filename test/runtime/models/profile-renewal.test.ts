import { readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import {
  isRunningOut,
  RENEW_BEFORE_MS,
  RENEWAL_TIMEOUT_MS,
  renewProfile,
  STALE_LOCK_MS,
} from "../../../src/runtime/models/profile-renewal.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const oauth = (expires: number) => ({ type: "oauth", provider: "p", access: "old", refresh: "r", expires });

async function signedIn(expires = 1) {
  const folder = await temporaryFolder();
  const file = join(folder, "auth-profiles.json");
  const write = (end: number) => writeFile(file, JSON.stringify({ profiles: { "p:me": oauth(end) } }));
  await write(expires);
  let asked = 0;
  const renew = (refresh: () => unknown = () => ({ access: "new", expires: 9e15 }), clock = systemClock) =>
    renewProfile({
      folder,
      profileId: "p:me",
      clock,
      refresh: () => {
        asked += 1;
        return refresh();
      },
    });
  const access = async () => JSON.parse(await readFile(file, "utf8")).profiles["p:me"].access;
  return { lock: `${file}.lock`, write, renew, access, asked: () => asked };
}

describe("renewing a sign-in", () => {
  it("is due shortly before its end", () => {
    expect(isRunningOut(oauth(RENEW_BEFORE_MS), 0)).toBe(false);
    expect(isRunningOut(oauth(RENEW_BEFORE_MS), 1)).toBe(true);
    expect(isRunningOut({ ...oauth(1), type: "api_key" }, 2)).toBe(false);
    expect(isRunningOut({ type: "oauth", provider: "p" }, 2)).toBe(false);
  });

  it("waits for another process, and takes what that has renewed", async () => {
    const { lock, write, renew, asked } = await signedIn();
    await writeFile(lock, "");
    const done = renew();
    await write(9e15);
    await rm(lock);
    await done;
    expect(asked()).toBe(0);
  });

  it("does not wait for a lock that was left behind", async () => {
    const { lock, renew, access } = await signedIn();
    await writeFile(lock, "");
    const then = (Date.now() - STALE_LOCK_MS - 1_000) / 1_000;
    await utimes(lock, then, then);
    await renew();
    expect(await access()).toBe("new");
    await expect(readFile(lock)).rejects.toThrow();
  });

  it("leaves the file and no lock when the provider gives nothing, fails, or takes too long", async () => {
    const { lock, renew, access } = await signedIn();
    await expect(renew(() => undefined)).rejects.toThrow('no new token for "p:me"');
    await expect(renew(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    const clock = new ManualClock();
    const slow = renew(() => new Promise(() => {}), clock);
    const refused = expect(slow).rejects.toThrow("took longer");
    while (clock.armed === 0) await new Promise((next) => setImmediate(next));
    await clock.advance(RENEWAL_TIMEOUT_MS);
    await refused;
    expect(await access()).toBe("old");
    await expect(readFile(lock)).rejects.toThrow();
  });
});
