import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LaneScheduler, type LaneTicket } from "../../../src/runtime/agent/lanes.ts";

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe("lanes", () => {
  it("runs one job per lane in order, and lets other lanes pass a waiting one", async () => {
    const lanes = new LaneScheduler({ concurrency: 2 });
    const log: string[] = [];
    const gates = new Map<string, () => void>();
    const enter = (lane: string, name: string) =>
      lanes.enter(lane).attach(() => {
        log.push(name);
        return new Promise((resolve) => gates.set(name, resolve));
      });
    enter("a", "a1");
    enter("a", "a2");
    enter("b", "b1");
    enter("c", "c1");
    expect(log).toEqual(["a1", "b1"]);
    gates.get("b1")?.();
    await tick();
    expect(log).toEqual(["a1", "b1", "c1"]);
    gates.get("a1")?.();
    await tick();
    expect(log).toEqual(["a1", "b1", "c1", "a2"]);
    gates.get("a2")?.();
    gates.get("c1")?.();
    await tick();
    expect([lanes.active, lanes.size, lanes.lanes]).toEqual([0, 0, 0]);
  });

  it("refuses at its limits and after it was stopped", () => {
    const lanes = new LaneScheduler({ concurrency: 1, perLane: 2, total: 3 });
    lanes.enter("a");
    lanes.enter("a");
    expect(() => lanes.enter("a")).toThrow(expect.objectContaining({ code: "AGENT_BUSY", retryable: true }));
    lanes.enter("b");
    expect(() => lanes.enter("c")).toThrow(expect.objectContaining({ code: "AGENT_BUSY" }));
    lanes.stop();
    expect(() => lanes.enter("c")).toThrow(expect.objectContaining({ code: "AGENT_STOPPING" }));
  });

  it("holds its rules whatever the order of entering, leaving, failing and ending", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("enter" as const), lane: fc.constantFrom("a", "b", "c", "d") }),
      fc.record({ kind: fc.constant("attach" as const), at: fc.nat(20) }),
      fc.record({ kind: fc.constant("leave" as const), at: fc.nat(20) }),
      fc.record({ kind: fc.constant("end" as const), at: fc.nat(20), fails: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, concurrency) => {
          const lanes = new LaneScheduler({ concurrency });
          const held: { lane: string; order: number; ticket: LaneTicket }[] = [];
          const running = new Map<number, { lane: string; end(fails: boolean): void }>();
          const startedIn = new Map<string, number>();
          let order = 0;
          let entered = 0;
          let ended = 0;
          const attach = (entry: (typeof held)[number]) =>
            entry.ticket.attach(() => {
              expect([...running.values()].filter((job) => job.lane === entry.lane)).toEqual([]);
              expect(startedIn.get(entry.lane) ?? -1).toBeLessThan(entry.order);
              startedIn.set(entry.lane, entry.order);
              return new Promise<void>((resolve, reject) => {
                running.set(entry.order, {
                  lane: entry.lane,
                  end(fails) {
                    running.delete(entry.order);
                    ended += 1;
                    if (fails) reject(new Error("job failed"));
                    else resolve();
                  },
                });
              });
            });
          for (const next of steps) {
            if (next.kind === "enter") {
              held.push({ lane: next.lane, order: order++, ticket: lanes.enter(next.lane) });
              entered += 1;
            } else if (next.kind === "end") {
              const jobs = [...running.values()];
              if (jobs.length > 0) jobs[next.at % jobs.length]?.end(next.fails);
            } else if (held.length > 0) {
              const [entry] = held.splice(next.at % held.length, 1);
              if (entry && next.kind === "leave") {
                expect(entry.ticket.leave()).toBe(true);
                ended += 1;
              } else if (entry) attach(entry);
            }
            await tick();
            expect(lanes.active).toBeLessThanOrEqual(concurrency);
            // accepted = terminal + still open
            expect(entered).toBe(ended + lanes.size);
          }
          for (const entry of held) attach(entry);
          while (lanes.size > 0) {
            await tick();
            for (const job of [...running.values()]) job.end(false);
          }
          expect([entered, lanes.active, lanes.lanes]).toEqual([ended, 0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
