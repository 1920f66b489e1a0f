import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { Sessions } from "../../../src/runtime/sessions/index.ts";
import {
  DEFAULT_MAX_LIVE_SESSIONS,
  DEFAULT_PRUNE_AFTER_MS,
  FIRST_MAINTENANCE_AFTER_MS,
  maintenanceSettings,
  SessionMaintenance,
} from "../../../src/runtime/sessions/maintenance.ts";
import { fixedConfig, hooksOf, openRoom, registryOf } from "../agent/support.ts";

const DAY_MS = 86_400_000;

async function upkeep(maintenance?: object) {
  const clock = new ManualClock();
  const { agent, store } = await openRoom({ clock });
  const config = fixedConfig({ session: { maintenance } });
  const registry = registryOf({});
  const logger = silentLogger;
  const models = createModels({ registry, config, clock, logger, env: {} });
  const sessions = new Sessions({ store, agent, models, config, hooks: hooksOf(), clock, logger });
  const upkeepOf = new SessionMaintenance({ sessions, store, config, clock, logger });
  const put = async (name: string, ageDays: number, entry: Record<string, unknown> = {}) => {
    const sessionKey = `agent:main:${name}`;
    await store.call.sessions.patch({
      sessionKey,
      create: { agentId: "main", sessionId: `id-${name}`, lifecycleRevision: "1" },
      patch: entry,
      now: clock.now() - ageDays * DAY_MS,
    });
    await store.call.transcripts.append({
      sessionKey,
      entries: [{ entryId: `entry-${name}`, body: '{"role":"user","content":"hi"}' }],
      now: clock.now() - ageDays * DAY_MS,
    });
  };
  const names = async (archived = false) => {
    const { sessions: rows } = await store.call.sessions.list({ limit: 100, archived });
    return rows.map(({ sessionKey }) => sessionKey.slice("agent:main:".length)).sort();
  };
  return { clock, store, sessions, upkeep: upkeepOf, put, names };
}

describe("the upkeep of sessions", () => {
  it("archives what nobody used for a month and deletes what work left behind, with its transcript", async () => {
    const { store, upkeep: room, put, names } = await upkeep();
    await put("main", 90);
    await put("old", 31);
    await put("young", 29);
    await put("subagent:old", 31);
    await put("subagent:young", 29);
    await put("memo:direct:ada", 90, { lastChannel: "memo", lastTo: "ada" });
    await put("pinned", 90);
    await store.call.sessions.patch({
      sessionKey: "agent:main:pinned",
      pinned: true,
      now: 0,
      preserveActivity: true,
    });
    expect(await room.sweep()).toEqual({ archived: 1, deleted: 1 });
    expect(await names()).toEqual(["main", "memo:direct:ada", "pinned", "subagent:young", "young"]);
    expect(await names(true)).toEqual(["old"]);
    expect(await store.call.transcripts.page({ sessionKey: "agent:main:old", limit: 5 })).toMatchObject({
      entries: [{ entryId: "entry-old" }],
    });
    expect(await store.call.transcripts.entry({ entryId: "entry-subagent:old" })).toBeUndefined();
    expect(await room.sweep()).toEqual({ archived: 0, deleted: 0 });
  });

  it("keeps the newest of more than may be, and looks past those that stay", async () => {
    const { upkeep: room, put, names } = await upkeep({ maxEntries: 2 });
    for (let index = 0; index < 4; index++) await put(`s${index}`, 10 - index);
    for (let index = 0; index < 105; index++) {
      await put(`memo:direct:p${index}`, 20, { lastChannel: "memo", lastTo: `p${index}` });
    }
    await room.sweep();
    // The conversations of a channel are over the number by themselves and stay.
    expect((await names()).filter((name) => !name.startsWith("memo"))).toEqual([]);
    expect(await names(true)).toEqual(["s0", "s1", "s2", "s3"]);
  });

  it("leaves exactly the number to keep", async () => {
    const { upkeep: room, put, names } = await upkeep({ maxEntries: 2 });
    for (let index = 0; index < 4; index++) await put(`s${index}`, 10 - index);
    expect(await room.sweep()).toEqual({ archived: 2, deleted: 0 });
    expect(await names()).toEqual(["s2", "s3"]);
  });

  it("changes nothing where the operator says so, and runs by the clock where not", async () => {
    const off = await upkeep({ mode: "warn" });
    await off.put("old", 31);
    expect(await off.upkeep.sweep()).toEqual({ archived: 0, deleted: 0 });
    const on = await upkeep();
    await on.put("old", 31);
    on.upkeep.start();
    await on.clock.advance(FIRST_MAINTENANCE_AFTER_MS);
    await expect.poll(() => on.names(true)).toEqual(["old"]);
    on.upkeep.dispose();
  });

  it.each([
    [undefined, true, DEFAULT_PRUNE_AFTER_MS, DEFAULT_MAX_LIVE_SESSIONS],
    [{ pruneAfter: "7d", maxEntries: 1 }, true, 7 * DAY_MS, 1],
    [{ pruneAfter: 5_000, mode: "off" }, false, 5_000, DEFAULT_MAX_LIVE_SESSIONS],
    [{ pruneAfter: "soon", maxEntries: 0 }, true, DEFAULT_PRUNE_AFTER_MS, DEFAULT_MAX_LIVE_SESSIONS],
    [{ pruneAfter: -1, maxEntries: 1.5 }, true, DEFAULT_PRUNE_AFTER_MS, DEFAULT_MAX_LIVE_SESSIONS],
    [{ pruneAfter: "0d" }, true, DEFAULT_PRUNE_AFTER_MS, DEFAULT_MAX_LIVE_SESSIONS],
  ])("reads %j", (maintenance, enforced, pruneAfterMs, maxEntries) => {
    expect(maintenanceSettings({ session: { maintenance } })).toEqual({ enforced, pruneAfterMs, maxEntries });
  });
});
