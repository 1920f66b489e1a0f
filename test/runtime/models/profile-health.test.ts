import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ProfileUsage } from "../../../src/contracts/auth-profiles.ts";
import type { FailoverReason } from "../../../src/contracts/provider.ts";
import { MAX_PROFILES_BYTES, readProfileFile } from "../../../src/runtime/models/profile-file.ts";
import {
  afterFailure,
  afterSuccess,
  COOLDOWNS_MS,
  DISABLED_MS,
  FORGIVEN_AFTER_MS,
  pauseOf,
} from "../../../src/runtime/models/profile-health.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const NOW = 1_700_000_000_000;
const fail = (usage: ProfileUsage, reason: FailoverReason, now = NOW) =>
  afterFailure(usage, { reason, modelId: "m", now });

describe("a sign-in that fails", () => {
  it("rests longer each time, up to a limit, until it succeeds", () => {
    let usage: ProfileUsage = {};
    const rests: number[] = [];
    for (let now = NOW; rests.length < 5; now += 400_000) {
      usage = fail(usage, "overloaded", now);
      rests.push((pauseOf(usage, "m", now)?.until ?? 0) - now);
    }
    const last = COOLDOWNS_MS.at(-1) ?? 0;
    expect(rests).toEqual([...COOLDOWNS_MS, last, last]);
    expect(usage.failureCounts).toEqual({ overloaded: 5 });
    expect(afterSuccess(NOW)).toEqual({ lastUsed: NOW });
  });

  it("is forgiven after a day without a failure", () => {
    const before = fail(fail({}, "timeout"), "timeout");
    expect(fail(before, "timeout", NOW + FORGIVEN_AFTER_MS - 1).errorCount).toBe(3);
    expect(fail(before, "timeout", NOW + FORGIVEN_AFTER_MS)).toMatchObject({
      errorCount: 1,
      failureCounts: { timeout: 1 },
    });
  });

  it.each(["billing", "auth_permanent"] as const)("for %s rests for the whole time", (reason) => {
    const usage = fail({}, reason);
    expect(pauseOf(usage, "m", NOW + DISABLED_MS - 1)).toEqual({
      until: NOW + DISABLED_MS,
      reason,
      disabled: true,
    });
    expect(pauseOf(usage, "m", NOW + DISABLED_MS)).toBeUndefined();
  });

  it.each(["format", "context_overflow", "model_not_found", "empty_response", "unknown"] as const)(
    "for %s does not rest: that is no fault of it",
    (reason) => {
      expect(fail({}, reason)).toEqual({});
    },
  );

  it("at the limit of one model serves the others", () => {
    const limited = fail({}, "rate_limit");
    expect(pauseOf(limited, "m", NOW)?.reason).toBe("rate_limit");
    expect(pauseOf(limited, "other", NOW)).toBeUndefined();
    expect(pauseOf(fail(limited, "server_error"), "other", NOW)?.reason).toBe("server_error");
  });
});

describe("a file of sign-ins", () => {
  it("is read once while it stays as it is, and not beyond its limit", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "auth-profiles.json");
    const nothing = async () => undefined;
    expect((await readProfileFile(folder, undefined, nothing)).secrets.size).toBe(0);
    const text = JSON.stringify({ profiles: { "p:a": { type: "api_key", provider: "p", key: "k" } } });
    await writeFile(file, text.padEnd(MAX_PROFILES_BYTES));
    const first = await readProfileFile(folder, undefined, nothing);
    expect(first.secrets.get("p:a")).toBe("k");
    expect(await readProfileFile(folder, first, nothing)).toBe(first);
    await writeFile(file, text.padEnd(MAX_PROFILES_BYTES + 1));
    await expect(readProfileFile(folder, first, nothing)).rejects.toThrow("larger than");
  });
});
