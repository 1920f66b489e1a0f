import { describe, expect, it } from "vitest";
import { KEEP_CONFIG_REVISIONS } from "../../../src/store/procedures/config-revisions.ts";
import { openTestStore } from "../support/core-store.ts";

const revision = (hash: string, now = 0) => ({ hash, source: hash, effective: "{}", checked: "{}", now });

describe("config revisions", () => {
  it("confirms the pending write the file came to hold and reverts the others", async () => {
    const { call } = await openTestStore();
    await call.configRevisions.begin(revision("lost"));
    const written = await call.configRevisions.begin({ ...revision("written"), reason: "test" });
    const good = await call.configRevisions.reconcile({ fileHash: "written", now: 9 });
    expect(good).toMatchObject({ revision: written, hash: "written", status: "confirmed", origin: "write" });
    const list = await call.configRevisions.list({ limit: 10 });
    expect(list.map((one) => one.status)).toEqual(["confirmed", "reverted"]);
  });

  it("counts the same file twice in a row as one revision", async () => {
    const { call } = await openTestStore();
    const first = await call.configRevisions.observe(revision("a"));
    expect(await call.configRevisions.observe({ ...revision("a"), checked: "[1]" })).toBe(first);
    expect((await call.configRevisions.newestGood({}))?.checked).toBe("[1]");
    expect(await call.configRevisions.observe(revision("b"))).toBe(first + 1);
    expect(await call.configRevisions.observe(revision("a"))).toBe(first + 2);
  });

  it("keeps a bounded number, and always the newest good one", async () => {
    const { call } = await openTestStore();
    const good = await call.configRevisions.observe(revision("good"));
    for (let index = 0; index < KEEP_CONFIG_REVISIONS + 20; index++) {
      const failed = await call.configRevisions.begin(revision(`bad ${index}`));
      await call.configRevisions.settle({ revision: failed, status: "reverted", now: 0 });
    }
    const list = await call.configRevisions.list({ limit: 1_000 });
    expect(list.length).toBeLessThanOrEqual(KEEP_CONFIG_REVISIONS);
    expect(await call.configRevisions.newestGood({})).toMatchObject({ revision: good, hash: "good" });
    expect(await call.configRevisions.get({ revision: good })).toMatchObject({ source: "good" });
  });
});
