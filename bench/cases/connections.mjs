// What a thousand clients cost: memory of each while idle, CPU of an event sent to all of them.
import { randomUUID } from "node:crypto";
import { startFloor, startGateway, TOKEN } from "../support/gateway.mjs";
import { cpuMs, rssMb } from "../support/process.mjs";
import { frame, openOperator, RawClient, request } from "../support/raw-client.mjs";
import { median, medianRatio, rotated, sleep } from "../support/statistics.mjs";

const CLIENTS = 1_000;
const ROUNDS = 9;
const EVENTS = 10;
/** As long as most events of a turn. */
const EVENT_BYTES = 330;
/** Nothing arriving for so long is the end of a broadcast. */
const QUIET_MS = 120;
const LIMIT_MS = 15_000;
const OPEN_AT_ONCE = 8;

export const name = "connections";

async function openMany(count, open) {
  const clients = [];
  while (clients.length < count)
    clients.push(...(await Promise.all(Array.from({ length: OPEN_AT_ONCE }, open))));
  return clients;
}

/** CPU microseconds of the server per message that arrived; ends when nothing more arrives. */
async function broadcast(clients, pid, trigger) {
  let received = 0;
  for (const client of clients) {
    client.counting = true;
    client.onCount = (count) => (received += count);
  }
  const cpu = cpuMs(pid);
  trigger(clients[0]);
  const limit = Date.now() + LIMIT_MS;
  for (let last = -1; received < clients.length || last !== received; ) {
    last = received;
    await sleep(QUIET_MS);
    if (Date.now() > limit) throw new Error(`only ${received} messages arrived`);
  }
  const spent = cpuMs(pid) - cpu;
  for (const client of clients) client.counting = false;
  return (spent * 1_000) / received;
}

export async function run() {
  const gateway = await startGateway();
  const floor = await startFloor("broadcast", [String(EVENT_BYTES)]);
  const again = await startFloor("broadcast", [String(EVENT_BYTES)]);
  const servers = { gateway, floor, again };
  const open = {
    gateway: () => openOperator(gateway.port, TOKEN, ["operator.write"]),
    floor: () => RawClient.open(floor.port),
    again: () => RawClient.open(again.port),
  };
  const bareTrigger = frame(JSON.stringify({ params: { count: EVENTS } }));
  const trigger = {
    // A turn with an instant model: some ten events of this size go to everybody.
    gateway: (client) =>
      client.write(
        request("chat.send", {
          sessionKey: "agent:main:main",
          message: "ping",
          idempotencyKey: randomUUID(),
        }),
      ),
    floor: (client) => client.write(bareTrigger),
    again: (client) => client.write(bareTrigger),
  };
  const rows = [];
  try {
    const clients = {};
    const kilobytes = {};
    for (const server of Object.keys(servers)) {
      // One round of connections first: what is loaded once does not belong to a client.
      for (const client of await openMany(16, open[server])) client.close();
      await sleep(500);
      const before = rssMb(servers[server].pid);
      clients[server] = await openMany(CLIENTS, open[server]);
      await sleep(1_500);
      kilobytes[server] = ((rssMb(servers[server].pid) - before) * 1_024) / clients[server].length;
    }
    rows.push({
      what: "idle connection: memory ÷ bare ws",
      ours: kilobytes.gateway,
      floor: kilobytes.floor,
      unit: "KB",
      ratio: kilobytes.gateway / kilobytes.floor,
      aa: kilobytes.again / kilobytes.floor,
      budget: { max: 3 },
    });
    const samples = { gateway: [], floor: [], again: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const server of rotated(Object.keys(servers), round)) {
        const us = await broadcast(clients[server], servers[server].pid, trigger[server]);
        if (round > 0) samples[server].push(us);
      }
    }
    rows.push({
      what: "event to 1,000 clients: CPU per message ÷ ws send of one string",
      ours: median(samples.gateway),
      floor: median(samples.floor),
      unit: "µs",
      ratio: medianRatio(samples.gateway, samples.floor),
      aa: medianRatio(samples.again, samples.floor),
      budget: { max: 0.9 },
    });
    for (const list of Object.values(clients)) for (const client of list) client.close();
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.dispose()));
  }
  return rows;
}
