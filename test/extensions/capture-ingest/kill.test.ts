import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { buildServer, post, startServer, vaultEntries } from "./child/run.ts";

/** `CAPTURE_KILLS=200 npx vitest run test/extensions/capture-ingest/kill.test.ts` runs the long version. */
const KILLS = Number(process.env["CAPTURE_KILLS"] ?? 5);

const NOW_S = Math.floor(Date.now() / 1_000);

function batchOf(refs: readonly string[], sourceType = "audio_system") {
  return {
    source_type: sourceType,
    platform: "linux",
    device_id: "test-kill",
    plugin_id: "killer",
    plugin_version: "1.0.0",
    timestamp: NOW_S - (refs[0]?.length ?? 0) * 86_400,
    events: refs.map((ref) => ({ timestamp: NOW_S, raw_ref: ref, data: { text: `entry ${ref}`, ref } })),
  };
}

function refsOf(entries: Awaited<ReturnType<typeof vaultEntries>>): string[] {
  return entries
    .map((entry) => `${entry.sourceType}/${entry.fields.find(([name]) => name === "ref")?.[1]}`)
    .sort();
}

describe("a killed gateway", () => {
  it.each([
    ["open", 1],
    ["half", 1],
    ["written", 1],
    ["synced", 1],
    ["open", 3],
    ["half", 3],
    ["written", 3],
    ["synced", 3],
  ])("has every entry exactly once after dying at step %s of write %i", async (point, nth) => {
    const folder = await temporaryFolder();
    const program = await buildServer(folder);
    const stateDir = join(folder, "state");
    const batches = [0, 1, 2, 3].map((n) => batchOf(Array.from({ length: 40 }, (_, i) => `${n}-${i}`)));
    let child = await startServer(program, {
      CAPTURE_STATE: stateDir,
      CAPTURE_DIE_AT: point,
      CAPTURE_DIE_NTH: String(nth),
    });
    let died = false;
    for (const batch of batches) {
      let answer = await post(child.url, batch);
      if (!answer) {
        died = true;
        await child.ended;
        child = await startServer(program, { CAPTURE_STATE: stateDir });
        answer = await post(child.url, batch);
        // The ledger had it before the crash: the retry finds everything known.
        expect(answer).toMatchObject({ status: 200, body: { stored: 0, skipped: 40 } });
      }
      expect(answer?.status).toBe(200);
    }
    expect(died).toBe(true);
    const expected = batches
      .flatMap((batch) => batch.events.map((event) => `audio_system/${event.raw_ref}`))
      .sort();
    expect(refsOf(await vaultEntries(join(stateDir, "vault")))).toEqual(expected);
    const report = await (await fetch(`${child.url}/verify`)).json();
    expect(report).toMatchObject({ ok: true, expected: 160, present: 160 });
    child.process.kill("SIGTERM");
    await child.ended;
  });

  it(
    `ends with the same set of entries whatever the order, the splits and ${KILLS} kills`,
    async () => {
      const folder = await temporaryFolder();
      const program = await buildServer(folder);
      const stateDir = join(folder, "state");
      const random = generator(Number(process.env["CAPTURE_SEED"] ?? 4_711));
      const types = ["audio_system", "audio_mic", "notes", "journal"];
      const all = Array.from({ length: Math.max(600, KILLS * 60) }, (_, index) => ({
        ref: `r${index}`,
        type: types[index % types.length] as string,
      }));
      const environment = { CAPTURE_STATE: stateDir, CAPTURE_KEYS_PER_RUN: "256" };
      const acknowledged = new Set<string>();
      let kills = 0;
      while (kills < KILLS || acknowledged.size < all.length) {
        const child = await startServer(program, environment);
        const doomed = kills < KILLS;
        const life = 15 + random() * 250;
        const timer = doomed ? setTimeout(() => child.process.kill("SIGKILL"), life) : undefined;
        let alive = true;
        const client = async () => {
          while (alive && (doomed || acknowledged.size < all.length)) {
            const type = types[Math.floor(random() * types.length)] as string;
            // Prefer what is not acknowledged yet, mixed with repeats.
            const open = all.filter(
              (one) => one.type === type && (random() < 0.1 || !acknowledged.has(one.ref)),
            );
            const start = Math.floor(random() * open.length);
            const some = open.slice(start, start + 1 + Math.floor(random() * 60));
            if (some.length === 0) continue;
            const answer = await post(
              child.url,
              batchOf(
                some.map((one) => one.ref),
                type,
              ),
            );
            if (!answer) {
              alive = false;
              return;
            }
            expect(answer.status).toBe(200);
            for (const one of some) acknowledged.add(one.ref);
          }
        };
        await Promise.all([client(), client(), client(), client()]);
        clearTimeout(timer);
        if (doomed) {
          kills++;
          child.process.kill("SIGKILL");
        } else {
          const report = await (await fetch(`${child.url}/verify`)).json();
          expect(report).toMatchObject({
            ok: true,
            missing: 0,
            doubled: 0,
            pendingBatches: expect.any(Number),
          });
          child.process.kill("SIGTERM");
        }
        await child.ended;
        // What was acknowledged is there, once, also while the gateway is dead.
        const found = refsOf(await vaultEntries(join(stateDir, "vault"))).map((name) => name.split("/")[1]);
        expect(new Set(found).size).toBe(found.length);
        const there = new Set(found);
        expect([...acknowledged].filter((ref) => !there.has(ref))).toEqual([]);
      }
      const found = refsOf(await vaultEntries(join(stateDir, "vault")));
      expect(found).toEqual(all.map(({ type, ref }) => `${type}/${ref}`).sort());
    },
    60_000 + KILLS * 5_000,
  );
});

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
