// Kills a real gateway at random instants while people talk to it, starts it again, and reads the database at
// the end: every accepted message is answered exactly once in the transcript, none is lost, and
// accepted = terminal + still queued holds for every kind.
//   node scripts/crash-loop.mjs [--kills 200] [--seed 1] [--keep] [--json]
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mulberry32, pause, runAsCommand } from "./crash-loop/command.mjs";
import { GatewayClient } from "./crash-loop/gateway-client.mjs";
import { GatewayProcess } from "./crash-loop/gateway-process.mjs";
import { judge } from "./crash-loop/verdict.mjs";
import { freePort, missingNgircd, RawIrcClient, startNgircd } from "./support/irc-server.mjs";

const TOKEN = "crash-loop-token-0123456789abcdef";
const BOT = "sluice";
const NICKS = ["ada", "bob", "eve"];
const CHATS = ["agent:main:chat-one", "agent:main:chat-two", "agent:main:chat-three"];
const SETTLE_LIMIT_MS = 60_000;

/**
 * Runs the loop. Gives `{ ok, problems, figures }`; throws when the server or the gateway can not be started.
 * `log` receives a line per step.
 */
export async function crashLoop({ kills = 200, seed = 1, keep = false, log = () => {} } = {}) {
  const missing = missingNgircd();
  if (missing) throw new Error(missing);
  const folder = await mkdtemp(join(tmpdir(), "sluice-crash-"));
  const random = mulberry32(seed);
  const irc = await startNgircd(folder);
  const loop = new Loop({ folder, random, ircPort: irc.port, gatewayPort: await freePort(), log });
  try {
    await loop.prepare();
    for (let kill = 1; kill <= kills; kill++) {
      await loop.round(kill);
      if (kill % 10 === 0)
        log(`${kill} kills, ${loop.said} lines said, ${loop.acked.size} chats acknowledged`);
    }
    log("the last start: everything open has to settle");
    await loop.finish();
    return { seed, ...judge(join(folder, "state"), loop.facts()) };
  } finally {
    await loop.close();
    await irc.stop();
    if (keep) log(`kept ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

class Loop {
  said = 0;
  /** Idempotency keys whose chat.send was acknowledged. */
  acked = new Set();
  /** Keys sent and not acknowledged; sent again with the same key after the restart. */
  #unacked = new Map();
  #parts;
  #people = [];
  #gateway;
  #restarts = { beforeReady: 0, afterReady: 0 };

  constructor(parts) {
    this.#parts = parts;
    this.#gateway = new GatewayProcess({ folder: parts.folder, port: parts.gatewayPort, token: TOKEN });
  }

  async prepare() {
    const { folder, ircPort } = this.#parts;
    const config = {
      channels: {
        irc: {
          host: "127.0.0.1",
          port: ircPort,
          nick: BOT,
          dmPolicy: "open",
          allowFrom: ["*"],
          flood: { burst: 100_000, intervalMs: 0 },
        },
      },
      session: { dmScope: "per-channel-peer" },
    };
    await mkdir(join(folder, "state"), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, "state", "sluice.json"), JSON.stringify(config), { mode: 0o600 });
    for (const nick of NICKS) this.#people.push(await RawIrcClient.connect(ircPort, nick));
  }

  /** One start, some talk, one kill. */
  async round(number) {
    const { random } = this.#parts;
    this.#gateway.start();
    if (random() < 0.25) {
      this.#restarts.beforeReady += 1;
      await pause(random() * 900);
    } else {
      this.#restarts.afterReady += 1;
      await this.#ready();
      const talk = this.#talk(number);
      await pause(20 + random() * 400);
      talk.stop();
    }
    await this.#gateway.kill();
  }

  async finish() {
    this.#gateway.start();
    await this.#ready();
    const client = await GatewayClient.open(this.#parts.gatewayPort, TOKEN);
    for (const [key, params] of this.#unacked) {
      await client.call("chat.send", params);
      this.acked.add(key);
    }
    this.#unacked.clear();
    const deadline = Date.now() + SETTLE_LIMIT_MS;
    while (await hasOpenRows(client)) {
      if (Date.now() > deadline) throw new Error(`messages are still open after ${SETTLE_LIMIT_MS} ms`);
      await pause(100);
    }
    client.close();
    await pause(300);
    await this.#gateway.stop();
  }

  facts() {
    return {
      acked: this.acked,
      heard: Object.fromEntries(this.#people.map((person) => [person.nick, person.heard(BOT)])),
      said: this.said,
      restarts: this.#restarts,
    };
  }

  async close() {
    for (const person of this.#people) person.close();
    await this.#gateway.kill();
  }

  /** The gateway answers and the bot is on the network. */
  #ready() {
    const asker = this.#people[0];
    return this.#gateway.ready(async () => {
      const seen = asker.lines.length;
      asker.write(`ISON ${BOT}`);
      await pause(15);
      const answer = asker.lines.slice(seen).find((line) => / 303 /.test(line));
      return answer?.includes(`:${BOT}`) === true;
    });
  }

  /** Everybody talks until `stop`. What was not acknowledged before is sent again first. */
  #talk(number) {
    const { random, gatewayPort } = this.#parts;
    let stopped = false;
    const speak = async () => {
      while (!stopped) {
        const person = this.#people[Math.floor(random() * this.#people.length)];
        person.write(`PRIVMSG ${BOT} :line ${++this.said} of round ${number}`);
        await pause(random() * 30);
      }
    };
    const chat = async () => {
      const client = await GatewayClient.open(gatewayPort, TOKEN);
      const send = (key, params) => {
        this.#unacked.set(key, params);
        return client.call("chat.send", params).then(() => {
          this.acked.add(key);
          this.#unacked.delete(key);
        });
      };
      for (const [key, params] of [...this.#unacked]) void send(key, params).catch(() => {});
      while (!stopped) {
        const key = `chat-${number}-${this.acked.size + this.#unacked.size}-${Math.floor(random() * 1e9)}`;
        const sessionKey = CHATS[Math.floor(random() * CHATS.length)];
        void send(key, { sessionKey, message: `say ${key}`, idempotencyKey: key }).catch(() => {});
        await pause(random() * 30);
      }
    };
    void speak();
    chat().catch(() => {});
    return {
      stop() {
        stopped = true;
      },
    };
  }
}

/** Whether anything accepted has not reached a terminal state yet. */
async function hasOpenRows(client) {
  for (const status of ["pending", "claimed", "queued", "running", "sending"]) {
    const { deliveries } = await client.call("deliveries.list", { status, limit: 1 });
    if (deliveries.length > 0) return true;
  }
  return false;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAsCommand(crashLoop, 200);
