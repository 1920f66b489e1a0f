// Small validated requests: round trip, throughput and CPU per request, next to a bare ws server.

import { startFloor, startGateway, TOKEN } from "../support/gateway.mjs";
import { cpuMs } from "../support/process.mjs";
import { call, openOperator, RawClient, request } from "../support/raw-client.mjs";
import { median, medianRatio, rotated } from "../support/statistics.mjs";

const ROUNDS = 9;
const WINDOW_MS = 450;
const METHOD = "gateway.identity.get";
const SHAPES = [
  { key: "1x1", connections: 1, inFlight: 1 },
  { key: "1x64", connections: 1, inFlight: 64 },
  { key: "50x8", connections: 50, inFlight: 8 },
];

export const name = "rpc";

/** Keeps `inFlight` requests open on each client for a while; replies are only counted. */
async function load(clients, inFlight, pid) {
  const one = request(METHOD, {}, "1:bench");
  const many = new Map();
  const bytes = (count) => {
    if (!many.has(count)) many.set(count, Buffer.concat(Array.from({ length: count }, () => one)));
    return many.get(count);
  };
  let replies = 0;
  let running = true;
  for (const client of clients) {
    client.counting = true;
    client.onCount = (count) => {
      replies += count;
      if (running) client.write(bytes(count));
    };
  }
  const started = performance.now();
  const cpu = cpuMs(pid);
  for (const client of clients) client.write(bytes(inFlight));
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  const seconds = (performance.now() - started) / 1_000;
  const spent = cpuMs(pid) - cpu;
  const counted = replies;
  running = false;
  // What is still in flight belongs to nobody's window.
  await new Promise((resolve) => setTimeout(resolve, 30));
  for (const client of clients) client.counting = false;
  return { perSecond: counted / seconds, cpuUs: (spent * 1_000) / counted };
}

/** Microseconds from request to reply, one at a time. */
async function roundTrip(client) {
  const one = request(METHOD, {}, "1:bench");
  const times = [];
  client.counting = true;
  const end = performance.now() + WINDOW_MS;
  while (performance.now() < end) {
    const started = performance.now();
    await new Promise((resolve) => {
      client.onCount = resolve;
      client.write(one);
    });
    times.push((performance.now() - started) * 1_000);
  }
  client.counting = false;
  return median(times);
}

export async function run() {
  const gateway = await startGateway();
  const probe = await openOperator(gateway.port, TOKEN);
  const payload = JSON.stringify(await call(probe, METHOD, {}));
  probe.close();
  const floor = await startFloor("rpc", [payload]);
  const again = await startFloor("rpc", [payload]);
  const servers = { gateway, floor, again };
  const open = {
    gateway: () => openOperator(gateway.port, TOKEN),
    floor: () => RawClient.open(floor.port),
    again: () => RawClient.open(again.port),
  };
  const rows = [];
  try {
    for (const { key, connections, inFlight } of SHAPES) {
      const clients = {};
      for (const server of Object.keys(servers)) {
        clients[server] = [];
        for (let index = 0; index < connections; index++) clients[server].push(await open[server]());
        await load(clients[server], inFlight, servers[server].pid);
      }
      const samples = { gateway: [], floor: [], again: [] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const server of rotated(Object.keys(servers), round)) {
          samples[server].push(
            inFlight === 1
              ? { us: await roundTrip(clients[server][0]) }
              : await load(clients[server], inFlight, servers[server].pid),
          );
        }
      }
      for (const list of Object.values(clients)) for (const client of list) client.close();
      const of = (server, field) => samples[server].map((sample) => sample[field]);
      const row = (what, field, unit, budget) => ({
        what,
        ours: median(of("gateway", field)),
        floor: median(of("floor", field)),
        unit,
        ratio: medianRatio(of("gateway", field), of("floor", field)),
        aa: medianRatio(of("again", field), of("floor", field)),
        budget,
      });
      if (inFlight === 1) rows.push(row("RPC round trip, p50 ÷ bare ws", "us", "µs", { max: 1.25 }));
      else {
        rows.push(row(`RPC ${key}: requests/s ÷ bare ws`, "perSecond", "/s", { min: 1.4 }));
        rows.push(row(`RPC ${key}: CPU per request ÷ bare ws`, "cpuUs", "µs", { max: 0.7 }));
      }
    }
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.dispose()));
  }
  return rows;
}
