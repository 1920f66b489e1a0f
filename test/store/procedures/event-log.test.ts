import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_EVENTS_PER_READ, MAX_TRIM_ROWS } from "../../../src/store/procedures/event-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openTestStore } from "../support/core-store.ts";

const events = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ event: "chat", payload: JSON.stringify(from + index) }));

describe("the event log", () => {
  it("keeps its epoch over restarts and gives a client exactly what it missed", async () => {
    const folder = await temporaryFolder();
    const first = await openTestStore(folder);
    expect(await first.call.eventLog.open({ epoch: "one" })).toEqual({ epoch: "one", head: 0, floor: 0 });
    await first.call.eventLog.append({
      events: [{ event: "chat", sessionKey: "agent:main:main", payload: "{}" }, ...events(2)],
      now: 5,
      keep: 100,
    });
    await first.dispose();

    const { call } = await openTestStore(folder);
    expect(await call.eventLog.open({ epoch: "two" })).toEqual({ epoch: "one", head: 3, floor: 0 });
    expect(await call.eventLog.readAfter({ epoch: "one", position: 0, limit: 1 })).toEqual({
      status: "ok",
      epoch: "one",
      head: 3,
      more: true,
      events: [{ position: 1, event: "chat", sessionKey: "agent:main:main", payload: "{}", createdAt: 5 }],
    });
    expect(await call.eventLog.readAfter({ epoch: "one", position: 3 })).toMatchObject({
      events: [],
      more: false,
    });
  });

  it("answers one explicit reset for another epoch, a trimmed position and a position from the future", async () => {
    const { call } = await openTestStore();
    await call.eventLog.open({ epoch: "one" });
    await call.eventLog.append({ events: events(10), now: 0, keep: 4 });
    const reset = { status: "reset", epoch: "one", head: 10 };
    expect(await call.eventLog.readAfter({ epoch: "zero", position: 8 })).toEqual(reset);
    expect(await call.eventLog.readAfter({ epoch: "one", position: 5 })).toEqual(reset);
    expect(await call.eventLog.readAfter({ epoch: "one", position: 11 })).toEqual(reset);
    expect(await call.eventLog.readAfter({ epoch: "one", position: 6 })).toMatchObject({
      status: "ok",
      head: 10,
    });
  });

  it("bounds one read and one trim", async () => {
    const { call } = await openTestStore();
    await call.eventLog.open({ epoch: "one" });
    await call.eventLog.append({ events: events(MAX_TRIM_ROWS + 200), now: 0, keep: 1_000_000 });
    const read = await call.eventLog.readAfter({ epoch: "one", position: 0, limit: 1_000_000 });
    expect(read).toMatchObject({ status: "ok", more: true });
    expect(read.status === "ok" && read.events.length).toBe(MAX_EVENTS_PER_READ);
    expect(await call.eventLog.trim({ keep: 10 })).toEqual({ removed: MAX_TRIM_ROWS, more: true });
    expect(await call.eventLog.trim({ keep: 10 })).toEqual({ removed: 190, more: false });
  });

  it("never loses, repeats or invents an event between two positions", async () => {
    const { call } = await openTestStore();
    const { epoch } = await call.eventLog.open({ epoch: "one" });
    const keep = 20;
    const all: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.nat(9), fc.nat(30), async (count, back) => {
        await call.eventLog.append({ events: events(count, all.length), now: 0, keep });
        all.push(...events(count, all.length).map((event) => event.payload));
        const position = Math.max(0, all.length - back);
        const read = await call.eventLog.readAfter({ epoch, position });
        if (read.status === "reset") expect(back).toBeGreaterThan(keep);
        else expect(read.events.map((event) => event.payload)).toEqual(all.slice(position));
      }),
      { numRuns: 60 },
    );
  });
});
