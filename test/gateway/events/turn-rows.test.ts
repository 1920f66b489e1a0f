import { describe, expect, it } from "vitest";
import { type CommittedEvent, EventLog, type LoggedEvent } from "../../../src/gateway/events/event-log.ts";
import { EventHub } from "../../../src/gateway/events/hub.ts";
import { RunProjector } from "../../../src/gateway/events/run-projector.ts";
import { type Display, tellTranscripts } from "../../../src/gateway/events/transcript-events.ts";
import { TurnRows } from "../../../src/gateway/events/turn-rows.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { displayMessage } from "../../../src/runtime/sessions/index.ts";
import { openRoom, type Room, say } from "../../runtime/agent/support.ts";
import { openTestStore } from "../../store/support/core-store.ts";

/** A room whose events go to a log, as in a gateway; `sent` is what receivers hear of logged events. */
async function wired(room: Room) {
  const log = await EventLog.open({ store: room.store, now: Date.now, logger: silentLogger }, "epoch");
  const hub = new EventHub({ logger: silentLogger, log });
  const sent: CommittedEvent[] = [];
  log.onCommitted((event) => sent.push(event));
  const display: Display = ({ entry }) => displayMessage(entry);
  new RunProjector({ hub, clock: systemClock }).follow(room.agent);
  tellTranscripts(room.agent, hub, display);
  room.agent.writeEvents(new TurnRows(hub, display));
  const rows = async () => {
    await log.flush();
    const read = await room.store.call.eventLog.readAfter({ epoch: "epoch", position: 0 });
    if (read.status !== "ok") throw new Error("the log was reset");
    return read.events.map(({ event, payload, position }) => {
      const { state, phase, messageSeq } = JSON.parse(payload) as Record<string, unknown>;
      return { position, name: [event, state ?? phase ?? messageSeq].join(" ") };
    });
  };
  return { log, sent, rows };
}

const WHOLE_TURN = [
  "session.message 1",
  "sessions.changed start",
  "session.message 2",
  "chat final",
  "sessions.changed end",
];

describe("the events of a turn's commits", () => {
  it("are rows of the log, each once and in order, and are told as they stand there", async () => {
    const room = await openRoom({ script: () => say("Hello there") });
    const { sent, rows } = await wired(room);
    const { runId } = await room.agent.accept(room.request());
    await room.agent.wait(runId, 10_000);
    const logged = await rows();
    expect(logged.map(({ name }) => name)).toEqual(WHOLE_TURN);
    expect(sent.map(({ position }) => position.offset)).toEqual(logged.map(({ position }) => position));
  });

  it("cost no transaction of their own", async () => {
    const room = await openRoom({ script: () => say("Hello there") });
    await wired(room);
    const before = (await room.store.stats()).commits;
    const { runId } = await room.agent.accept(room.request());
    await room.agent.wait(runId, 10_000);
    expect((await room.store.stats()).commits - before).toBe(2);
  });

  it("are there with the end of the turn, before anybody hears of it", async () => {
    const room = await openRoom({ script: () => say("Hello there") });
    await wired(room);
    let atEnd: Promise<unknown> | undefined;
    room.agent.onEvent(({ data }) => {
      if (data["phase"] === "end")
        atEnd = room.store.call.eventLog.readAfter({ epoch: "epoch", position: 0 });
    });
    const { runId } = await room.agent.accept(room.request());
    await room.agent.wait(runId, 10_000);
    expect(await atEnd).toMatchObject({ status: "ok", head: WHOLE_TURN.length });
  });

  it("are published in the ordinary way when another entry took the expected position", async () => {
    const room = await openRoom({ script: () => say("Hello there") });
    const { sent, rows } = await wired(room);
    room.agent.onEvent(({ data }) => {
      if (data["phase"] !== "model") return;
      const body = JSON.stringify({ role: "user", content: "aside", timestamp: 1 });
      const entries = [{ entryId: "aside", body }];
      void room.store.call.transcripts.append({ sessionKey: "agent:main:main", entries, now: 1 });
    });
    const { runId } = await room.agent.accept(room.request());
    await room.agent.wait(runId, 10_000);
    const expected = WHOLE_TURN.map((name) => (name === "session.message 2" ? "session.message 3" : name));
    expect((await rows()).map(({ name }) => name)).toEqual(expected);
    expect(sent).toHaveLength(expected.length);
  });
});

describe("rows that other commits wrote", () => {
  const entry = (event: string): LoggedEvent => ({
    event,
    payloadJson: "{}",
    rule: { guard: null, droppable: false, logged: true },
    options: {},
  });

  it("are told in the order of the log, whoever is told first, and read only once told", async () => {
    const store = await openTestStore();
    const log = await EventLog.open({ store, now: () => 1, logger: silentLogger }, "epoch");
    const told: string[] = [];
    log.onCommitted(({ event, position }) => told.push(`${event} ${position.offset}`));
    const early = [entry("a"), entry("b")];
    const late = [entry("c")];
    const first = await store.call.eventLog.append({ ...log.rowsOf(early), now: 1 });
    const second = await store.call.eventLog.append({ ...log.rowsOf(late), now: 1 });
    log.tell(second, late);
    expect(told).toEqual([]);
    expect(await log.readAfter({ epoch: "epoch", offset: 0 }, 10)).toMatchObject({ head: 0, events: [] });
    log.tell(first, early);
    expect(told).toEqual(["a 1", "b 2", "c 3"]);
    expect(await log.readAfter({ epoch: "epoch", offset: 1 }, 10)).toMatchObject({ head: 3, more: false });
  });
});
