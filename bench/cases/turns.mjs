// A message in, an instant model, the answer out; every step durable.
import { randomUUID } from "node:crypto";
// Without any configuration the gateway answers with its offline model.
import { startGateway, TOKEN } from "../support/gateway.mjs";
import { cpuMs } from "../support/process.mjs";
import { openOperator, request } from "../support/raw-client.mjs";
import { median, percentile } from "../support/statistics.mjs";

const ONE_BY_ONE = 150;
const WINDOW_MS = 6_000;
const IN_FLIGHT = 64;
const SESSIONS = 256;

export const name = "turns";

/** Sends turns and resolves each when its final event arrived. */
class Turns {
  #client;
  #waiting = new Map();

  constructor(client) {
    this.#client = client;
    client.onText = (text) => {
      // Most frames are deltas; only the ends are parsed.
      if (text.includes('"state":"final"')) this.#settle(JSON.parse(text).payload.runId);
      else if (text.includes('"ok":false') || text.includes('"state":"error"')) this.#fail(new Error(text));
    };
  }

  run(sessionKey) {
    const runId = randomUUID();
    return new Promise((resolve, reject) => {
      this.#waiting.set(runId, { resolve, reject });
      this.#client.write(request("chat.send", { sessionKey, message: "ping", idempotencyKey: runId }));
    });
  }

  #settle(runId) {
    const turn = this.#waiting.get(runId);
    this.#waiting.delete(runId);
    turn?.resolve();
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export async function run() {
  const gateway = await startGateway();
  try {
    const turns = new Turns(await openOperator(gateway.port, TOKEN, ["operator.write"]));
    for (let index = 0; index < 30; index++) await turns.run("agent:main:main");
    const times = [];
    for (let index = 0; index < ONE_BY_ONE; index++) {
      const started = performance.now();
      await turns.run("agent:main:main");
      times.push(performance.now() - started);
    }
    let done = 0;
    const cpu = cpuMs(gateway.pid);
    const started = performance.now();
    const end = started + WINDOW_MS;
    let next = 0;
    const worker = async () => {
      while (performance.now() < end) {
        await turns.run(`agent:main:bench-${next++ % SESSIONS}`);
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    const seconds = (performance.now() - started) / 1_000;
    return [
      {
        what: "turn with an instant model, one at a time: p50",
        ours: median(times),
        unit: "ms",
        budget: { maxValue: 5 },
      },
      { what: "turn with an instant model, one at a time: p95", ours: percentile(times, 0.95), unit: "ms" },
      { what: "turns/s over distinct sessions", ours: done / seconds, unit: "/s", budget: { minValue: 500 } },
      { what: "CPU per turn", ours: (cpuMs(gateway.pid) - cpu) / done, unit: "ms" },
    ];
  } finally {
    await gateway.dispose();
  }
}
