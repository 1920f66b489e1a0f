import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canonicalAddress, rateLimitKey } from "../../../src/gateway/connection/address.ts";
import { AuthLimiter } from "../../../src/gateway/connection/auth-limiter.ts";
import { originAllowed } from "../../../src/gateway/connection/origin.ts";
import { checkSharedSecret } from "../../../src/gateway/connection/shared-secret.ts";
import { takeInstanceLock } from "../../../src/gateway/instance-lock.ts";
import { LogFile } from "../../../src/gateway/log-file.ts";
import { Presence } from "../../../src/gateway/presence.ts";
import { writeSecretFileOnce } from "../../../src/gateway/secret-file.ts";
import { assertGuarded, authSettings, hostOf, portOf } from "../../../src/gateway/settings.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { AUTH_LIMITER_ENTRIES, MAX_PRESENCE_ENTRIES } from "../../../src/protocol/limits.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("addresses", () => {
  it("counts every form of one address in one bucket", () => {
    expect(canonicalAddress("::ffff:10.1.2.3")).toBe("10.1.2.3");
    expect(canonicalAddress("fe80::1%eth0")).toBe("fe80::1");
    const keys = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6"].map(rateLimitKey);
    expect(new Set(keys)).toEqual(new Set(["2001:db8:1:2::/64"]));
    expect(rateLimitKey("2001:db8:1:3::1")).not.toBe(keys[0]);
  });
});

describe("the limiter of wrong credentials", () => {
  const remote = { credential: "shared-secret", address: "192.0.2.7" } as const;

  it("locks a remote address out after ten failures, for five minutes", async () => {
    const clock = new ManualClock();
    const limiter = new AuthLimiter(clock);
    for (let count = 0; count < 9; count++) limiter.failed(remote);
    expect(limiter.lockedFor(remote)).toBe(0);
    limiter.failed(remote);
    expect(limiter.lockedFor(remote)).toBe(300_000);
    expect(limiter.lockedFor({ ...remote, credential: "device-token" })).toBe(0);
    await clock.advance(300_000);
    expect(limiter.lockedFor(remote)).toBe(0);
  });

  it("forgets failures after a success and after the window", async () => {
    const clock = new ManualClock();
    const limiter = new AuthLimiter(clock);
    for (let count = 0; count < 9; count++) limiter.failed(remote);
    limiter.succeeded(remote);
    for (let count = 0; count < 9; count++) limiter.failed(remote);
    await clock.advance(60_000);
    limiter.failed(remote);
    expect(limiter.lockedFor(remote)).toBe(0);
  });

  it("slows loopback down up to five seconds, but locks pages in a browser out", () => {
    const limiter = new AuthLimiter(new ManualClock());
    const local = { credential: "shared-secret", address: "127.0.0.1" } as const;
    const delays = Array.from({ length: 8 }, () => limiter.failed(local));
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    expect(limiter.lockedFor(local)).toBe(0);
    const page = { ...local, origin: "http://evil.example" };
    for (let count = 0; count < 10; count++) expect(limiter.failed(page)).toBe(0);
    expect(limiter.lockedFor(page)).toBe(300_000);
  });

  it("stays bounded under any number of addresses", () => {
    const limiter = new AuthLimiter(new ManualClock());
    for (let count = 0; count < AUTH_LIMITER_ENTRIES + 500; count++) {
      limiter.failed({
        credential: "shared-secret",
        address: `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`,
      });
    }
    expect(limiter.size).toBe(AUTH_LIMITER_ENTRIES);
  });
});

describe("the shared secret", () => {
  const settings = { mode: "token", secret: "right" } as const;

  it.each([
    [{ token: "right" }, true],
    [{ password: "right" }, true],
    [{ token: "wrong", password: "right" }, false],
    [{ token: "" }, false],
    [{}, false],
  ])("decides over %j", (given, ok) => {
    expect(checkSharedSecret(settings, given).ok).toBe(ok);
  });

  it("admits nobody when no secret is configured", () => {
    expect(checkSharedSecret({ mode: "token", secret: "" }, { token: "" }).ok).toBe(false);
    expect(checkSharedSecret({ mode: "password" }, { password: "x" }).ok).toBe(false);
  });
});

describe("origins", () => {
  it("allows configured origins exactly", () => {
    const allowed = ["https://page.example"];
    expect(originAllowed("https://page.example", "10.0.0.1:18789", allowed)).toBe(true);
    expect(originAllowed("https://page.example:444", "10.0.0.1:18789", allowed)).toBe(false);
    expect(originAllowed("http://page.example", "10.0.0.1:18789", allowed)).toBe(false);
    expect(originAllowed("https://page.example.evil", "10.0.0.1:18789", allowed)).toBe(false);
    expect(originAllowed(undefined, "anything", [])).toBe(true);
  });
});

describe("settings", () => {
  it("refuses to listen beyond loopback without authentication", () => {
    const open = authSettings({ gateway: { auth: { mode: "none" } } }, {});
    expect(() => assertGuarded("0.0.0.0", open)).toThrow("loopback only");
    expect(() => assertGuarded("::", open)).toThrow("loopback only");
    expect(() => assertGuarded("127.0.0.1", open)).not.toThrow();
    expect(() => assertGuarded("0.0.0.0", { mode: "token", secret: "x" })).not.toThrow();
  });

  it("takes port and host from option, environment, configuration, default", () => {
    expect(portOf(undefined, {}, {})).toBe(18_789);
    expect(portOf(undefined, {}, { gateway: { port: 2 } })).toBe(2);
    expect(portOf(undefined, { SLUICE_GATEWAY_PORT: "3" }, { gateway: { port: 2 } })).toBe(3);
    expect(portOf(4, { SLUICE_GATEWAY_PORT: "3" }, {})).toBe(4);
    expect(() => portOf(undefined, { SLUICE_GATEWAY_PORT: "many" }, {})).toThrow("is not a port");
    expect(hostOf(undefined, {})).toBe("127.0.0.1");
    expect(hostOf("lan", {})).toBe("0.0.0.0");
    expect(() => hostOf("everywhere", {})).toThrow("is not a bind mode");
  });
});

describe("the instance lock", () => {
  it("is taken over from a process that is gone or whose number was given anew", async () => {
    const file = join(await temporaryFolder(), "gateway.lock");
    for (const stale of [
      { pid: 2 ** 22 - 3, ownerId: "gone", processStart: "x" },
      { pid: process.pid, ownerId: "reused", processStart: "another start" },
    ]) {
      await writeFile(file, JSON.stringify(stale));
      await (await takeInstanceLock(file)).dispose();
    }
    await writeFile(file, "half a rec");
    const lock = await takeInstanceLock(file);
    await expect(takeInstanceLock(file)).rejects.toMatchObject({ code: "GATEWAY_ALREADY_RUNNING" });
    await lock.dispose();
  });

  it("goes to exactly one of many that come at once", async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 20; round++) {
      const file = join(folder, `${round}.lock`);
      await writeFile(file, JSON.stringify({ pid: 2 ** 22 - 3, ownerId: "gone", processStart: "x" }));
      const results = await Promise.allSettled(Array.from({ length: 6 }, () => takeInstanceLock(file)));
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    }
  });
});

describe("a lock whose taker died in the middle", () => {
  it("is waited for until the taker's guard has aged, then taken", async () => {
    const file = join(await temporaryFolder(), "gateway.lock");
    await writeFile(file, JSON.stringify({ pid: 2 ** 22 - 3, ownerId: "gone", processStart: "x" }));
    await mkdir(`${file}.takeover`);
    // Two and a half of the guard's five seconds are left: longer than a starter once looked.
    const madeAt = new Date(Date.now() - 2_500);
    await utimes(`${file}.takeover`, madeAt, madeAt);
    await (await takeInstanceLock(file)).dispose();
  });
});

describe("files", () => {
  it("writes a secret once: the first of many writers wins and all read the same", async () => {
    const file = join(await temporaryFolder(), "token");
    const texts = await Promise.all(["a", "b", "c"].map((text) => writeSecretFileOnce(file, text)));
    expect(new Set(texts).size).toBe(1);
    expect(await readFile(file, "utf8")).toBe(texts[0]);
  });

  it("begins a new log file past the limit and loses no line on the way", async () => {
    const folder = join(await temporaryFolder(), "logs");
    await mkdir(folder);
    const file = join(folder, "gateway.log");
    const log = await LogFile.open(file, 100);
    for (let count = 0; count < 12; count++) log.write(`line ${count} of the log\n`);
    await expect.poll(() => readFile(`${file}.1`, "utf8").catch(() => "")).toContain("line 0");
    await expect.poll(() => readFile(file, "utf8")).toContain("line 11");
    await log.dispose();
  });
});

describe("presence", () => {
  it("keeps at most 200 entries and lets them fade after five minutes", async () => {
    const clock = new ManualClock();
    let changes = 0;
    const presence = new Presence({ clock, version: "1", bootId: "b", onChange: () => changes++ });
    for (let count = 0; count < MAX_PRESENCE_ENTRIES + 50; count++)
      presence.upsert(`d${count}`, { host: `h${count}` });
    expect(presence.list()).toHaveLength(MAX_PRESENCE_ENTRIES);
    expect(presence.list()[0]?.reason).toBe("self");
    await clock.advance(300_000);
    presence.sweep();
    expect(presence.list()).toHaveLength(1);
    expect(presence.version).toBe(1 + changes);
  });
});
