import { describe, expect, it } from "vitest";
import { WaitingSockets } from "../../../src/gateway/connection/waiting-sockets.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import {
  MAX_INVALID_FRAMES,
  MAX_UNAUTHENTICATED_PER_ADDRESS,
  SILENT_SOCKET_GRACE_MS,
} from "../../../src/protocol/limits.ts";
import { testGateway } from "../support/gateway.ts";
import { WireClient } from "../support/wire-client.ts";

const socket = (silent: boolean) => {
  const made = { silent, closed: false, makeRoom: () => {} };
  made.makeRoom = () => {
    made.closed = true;
  };
  return made;
};

describe("places for sockets that have not authenticated", () => {
  it("are taken from the oldest silent one when all are full, never from one that spoke or has just come", async () => {
    const clock = new ManualClock();
    const waiting = new WaitingSockets(clock);
    const speaking = socket(false);
    const leave = waiting.add("a", speaking);
    const silent = Array.from({ length: MAX_UNAUTHENTICATED_PER_ADDRESS - 1 }, () => socket(true));
    for (const one of silent) waiting.add("a", one);
    expect(waiting.hasRoom("a")).toBe(false);
    expect(waiting.hasRoom("b")).toBe(true);
    await clock.advance(SILENT_SOCKET_GRACE_MS - 1);
    expect(waiting.hasRoom("a")).toBe(false);
    await clock.advance(1);
    expect(waiting.hasRoom("a")).toBe(true);
    expect(silent.map(({ closed }) => closed).filter(Boolean)).toHaveLength(1);
    expect([silent[0]?.closed, speaking.closed]).toEqual([true, false]);
    leave();
    leave();
    expect(waiting.hasRoom("a")).toBe(true);
  });

  it("are forgotten with the last socket of an address", () => {
    const waiting = new WaitingSockets(new ManualClock());
    const leave = waiting.add("a", socket(true));
    expect(waiting.size).toBe(1);
    leave();
    expect(waiting.size).toBe(0);
  });

  it("let a client in within seconds although silent sockets of its address hold all of them", async () => {
    const clock = new ManualClock();
    const { url } = await testGateway({ clock });
    const silent = Array.from({ length: MAX_UNAUTHENTICATED_PER_ADDRESS }, () => new WireClient(url));
    await Promise.all(silent.map((client) => client.event("connect.challenge")));
    await clock.advance(SILENT_SOCKET_GRACE_MS);
    const client = await WireClient.open(url);
    expect((await client.call("health")).ok).toBe(true);
    expect((await silent[0]?.closed)?.code).toBe(1013);
  });
});

describe("a client that sends rubbish", () => {
  it("is let go after so many frames in a row, and others are answered meanwhile", async () => {
    const { url } = await testGateway();
    const neighbour = await WireClient.open(url);
    const client = await WireClient.open(url);
    for (let count = 0; count < MAX_INVALID_FRAMES; count++) client.send(count % 2 ? "rubbish" : "{}");
    expect((await client.call("health")).ok).toBe(true);
    for (let count = 0; count <= MAX_INVALID_FRAMES; count++) client.send("rubbish");
    expect(await client.closed).toMatchObject({ code: 1008, reason: "too many invalid frames" });
    expect((await neighbour.call("health")).ok).toBe(true);
  });
});
