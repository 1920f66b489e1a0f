import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { MAX_TURNS_PER_SESSION } from "../../../src/runtime/agent/lanes.ts";
import { WRITE_RETRY_DELAYS_MS } from "../../../src/store/until-written.ts";
import { storeFaults } from "../../support/store-faults.ts";
import { call, openRoom, say } from "./support.ts";

async function until(clock: ManualClock, check: () => boolean | Promise<boolean>, stepMs: number) {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await check()) return;
    await clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("the condition was not reached");
}

describe("a turn whose end can not be written", () => {
  it("does not fail for a tool's result that has to wait for room", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const room = await openRoom({
      clock,
      around: faults.around,
      script: (_context, _options, round) => (round === 0 ? call("peek", {}) : say("seen")),
      tools: [{ name: "peek", description: "", parameters: {}, execute: async () => ({ content: [] }) }],
    });
    faults.refuse(["turns.record"]);
    const { runId } = await room.agent.accept(room.request());
    await until(clock, () => faults.refused > WRITE_RETRY_DELAYS_MS.length, 5_000);
    faults.heal();
    await until(
      clock,
      async () => (await room.store.call.turns.get({ runId }))?.outcome !== undefined,
      5_000,
    );
    expect(await room.store.call.turns.get({ runId })).toMatchObject({
      status: "done",
      outcome: { payloads: [{ text: "seen" }] },
    });
  });

  it("is written once the store takes it, and its session goes on", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const room = await openRoom({ clock, around: faults.around });
    faults.refuse(["turns.finish"]);
    const first = await room.agent.accept(room.request());
    await until(clock, () => faults.refused > WRITE_RETRY_DELAYS_MS.length + 2, 5_000);
    const second = await room.agent.accept(room.request());
    faults.heal();
    await until(
      clock,
      async () => (await room.store.call.turns.get({ runId: second.runId }))?.status === "done",
      5_000,
    );
    expect(await room.store.call.turns.get({ runId: first.runId })).toMatchObject({ status: "done" });
    expect(await room.store.call.turns.counts({})).toMatchObject({ accepted: 2, balanced: true });
  });

  it("ends as failed when the store refuses the answer for good, and its session goes on", async () => {
    const faults = storeFaults();
    const room = await openRoom({ around: faults.around });
    faults.refuse(["turns.finish"], "STORE_CONFLICT", 1);
    const first = await room.agent.accept(room.request());
    expect(await room.agent.wait(first.runId, 5_000)).toMatchObject({
      status: "failed",
      error: { code: "TURN_NOT_WRITTEN" },
    });
    const second = await room.agent.accept(room.request());
    expect(await room.agent.wait(second.runId, 5_000)).toMatchObject({ status: "done" });
  });

  it("does not hold up the stop of the gateway, and is run again by the next start", async () => {
    const faults = storeFaults();
    const room = await openRoom({ around: faults.around });
    faults.refuse(["turns.finish"]);
    const { runId } = await room.agent.accept(room.request());
    await expect.poll(() => faults.refused).toBeGreaterThan(0);
    const began = performance.now();
    await room.agent.drain(50);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await room.store.call.turns.get({ runId })).toMatchObject({ status: "running" });
  });
});

describe("a start", () => {
  it("takes up every accepted turn, also when there are more than a session may have waiting", async () => {
    const room = await openRoom();
    const many = MAX_TURNS_PER_SESSION + 5;
    for (let index = 0; index < many; index++) {
      await room.store.call.turns.accept({
        request: room.request(),
        newSession: { sessionId: "one-session", lifecycleRevision: "1" },
        now: index,
      });
    }
    expect(await room.agent.resume()).toEqual({ resumed: many });
  });
});
