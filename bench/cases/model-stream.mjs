// A model's stream to WebSocket events: CPU per delta, next to fetch, parse and send each. Two lengths are
// streamed and the difference is judged, because what a turn itself costs is the case `turns`.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { startFloor, startGateway, TOKEN } from "../support/gateway.mjs";
import { cpuMs } from "../support/process.mjs";
import { frame, openOperator, RawClient, request } from "../support/raw-client.mjs";
import { median, medianRatio, rotated } from "../support/statistics.mjs";

const ROUNDS = 9;
const WARM_UP_ROUNDS = 2;
const SHORT = 1_000;
const LONG = 4_000;
const MODEL = "bench";

export const name = "model-stream";

/** Deltas of the answer asked for next. */
let deltas = SHORT;

/** A model that streams as fast as it is read: each delta is a write of its own. */
function startModel() {
  const chunk = (delta, finish = null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: MODEL, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const delta = chunk({ content: "word " });
  const server = createServer(async (message, response) => {
    message.resume();
    const count = deltas;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chunk({ role: "assistant", content: "" }));
    for (let index = 0; index < count; index++) {
      if (!response.write(delta)) await new Promise((resolve) => response.once("drain", resolve));
      if (index % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    response.write(chunk({}, "stop"));
    response.end("data: [DONE]\n\n");
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({ url: `http://127.0.0.1:${server.address().port}/v1`, dispose: () => server.close() }),
    ),
  );
}

/** CPU milliseconds for one answer of `count` deltas. */
async function stream(client, bytes, pid, count) {
  deltas = count;
  const cpu = cpuMs(pid);
  const ended = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("the stream did not end")), 20_000);
    client.onText = (text) => {
      if (text.includes('"state":"error"')) reject(new Error(text.slice(0, 500)));
      if (!text.includes('"state":"final"')) return;
      clearTimeout(limit);
      resolve();
    };
  });
  client.write(bytes());
  await ended;
  return cpuMs(pid) - cpu;
}

export async function run() {
  const model = await startModel();
  const gateway = await startGateway({
    agents: { defaults: { model: `${MODEL}/${MODEL}` } },
    models: {
      providers: {
        [MODEL]: {
          api: "openai-completions",
          baseUrl: model.url,
          apiKey: "none",
          models: [{ id: MODEL, name: MODEL }],
        },
      },
    },
  });
  const floor = await startFloor("stream");
  const again = await startFloor("stream");
  const servers = { gateway, floor, again };
  try {
    const clients = {
      gateway: await openOperator(gateway.port, TOKEN, ["operator.write"]),
      floor: await RawClient.open(floor.port),
      again: await RawClient.open(again.port),
    };
    const bare = () => frame(JSON.stringify({ params: { url: model.url } }));
    const bytes = {
      // A session of its own each time: history must not grow into the next request.
      gateway: () =>
        request("chat.send", {
          sessionKey: `agent:main:${randomUUID()}`,
          message: "go",
          idempotencyKey: randomUUID(),
        }),
      floor: bare,
      again: bare,
    };
    const each = { gateway: [], floor: [], again: [] };
    const whole = { gateway: [], floor: [], again: [] };
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      for (const server of rotated(Object.keys(servers), round + WARM_UP_ROUNDS)) {
        const { pid } = servers[server];
        const short = await stream(clients[server], bytes[server], pid, SHORT);
        const long = await stream(clients[server], bytes[server], pid, LONG);
        if (round < 0) continue;
        each[server].push(((long - short) * 1_000) / (LONG - SHORT));
        whole[server].push((short * 1_000) / SHORT);
      }
    }
    const row = (what, samples) => ({
      what,
      ours: median(samples.gateway),
      floor: median(samples.floor),
      unit: "µs",
      ratio: medianRatio(samples.gateway, samples.floor),
      aa: medianRatio(samples.again, samples.floor),
    });
    return [
      {
        ...row("model stream, merged to one event per 75 ms: CPU per delta ÷ fetch, parse, send each", each),
        budget: { max: 0.6 },
      },
      {
        ...row(`model stream: CPU of a whole turn with ${SHORT} deltas, per delta`, whole),
        budget: { max: 0.6 },
      },
    ];
  } finally {
    model.dispose();
    await Promise.all(Object.values(servers).map((server) => server.dispose()));
  }
}
