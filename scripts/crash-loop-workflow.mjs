// Kills a real gateway at random instants while plugins ask operators, inject, keep session state and step flows;
// starts it again, and reads the database and the tool's own ledger at the end: a question keeps its id and
// deadline, its answer is acted on once, and accepted = terminal + still open holds for every kind.
//   node scripts/crash-loop-workflow.mjs [--kills 40] [--seed 1] [--keep] [--json]
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mulberry32, pause, runAsCommand } from "./crash-loop/command.mjs";
import { GatewayClient } from "./crash-loop/gateway-client.mjs";
import { GatewayProcess } from "./crash-loop/gateway-process.mjs";
import { writeAskingPlugin } from "./crash-loop/workflow-plugin.mjs";
import { judgeWorkflow } from "./crash-loop/workflow-verdict.mjs";
import { freePort } from "./support/irc-server.mjs";

const TOKEN = "crash-loop-token-0123456789abcdef";
const TALK = "agent:main:talk";
/** Who talks to the plugin directly; each is asked to let it answer. */
const PEOPLE = ["ada", "bob", "eve", "joe"];
const BEGIN_LIMIT_MS = 5_000;
const SETTLE_LIMIT_MS = 60_000;
/** Deadlines of questions, in milliseconds: some pass while the gateway is down, most outlive every kill. */
const DEADLINES_MS = [400, 1_500, 600_000, 600_000, 600_000];

/** Runs the loop. Gives `{ ok, problems, figures }`; throws when the gateway can not be started. */
export async function workflowCrashLoop({ kills = 40, seed = 1, keep = false, log = () => {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-crash-"));
  const loop = new Loop({ folder, random: mulberry32(seed), port: await freePort() });
  try {
    await loop.prepare();
    for (let kill = 1; kill <= kills; kill++) {
      await loop.round();
      if (kill % 10 === 0) log(`${kill} kills, ${loop.asked.size} questions asked`);
    }
    log("the last start: everything open has to settle");
    await loop.finish();
    const ledger = await readFile(join(folder, "ledger"), "utf8").catch(() => "");
    return { seed, ...judgeWorkflow(join(folder, "state"), { ...loop.facts(), ledger }) };
  } finally {
    await loop.close();
    if (keep) log(`kept ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

class Loop {
  /** Keys of turns whose `chat.send` was acknowledged. */
  asked = new Set();
  /** Decisions that were acknowledged, and those sent without an acknowledgement, by key. */
  #decided = new Map();
  #maybeDecided = new Map();
  /** Every sight of an open question: key → "id deadline". */
  #sights = new Map();
  #injected = new Map();
  #flows = new Map();
  /** Texts that a conversation's owner was said to have taken. */
  #claimed = new Set();
  #patched = 0;
  #count = 0;
  #parts;
  #gateway;

  constructor(parts) {
    this.#parts = parts;
    const { folder, port } = parts;
    const env = { CRASH_LEDGER: join(folder, "ledger") };
    this.#gateway = new GatewayProcess({ folder, port, token: TOKEN, env });
  }

  async prepare() {
    const { folder } = this.#parts;
    const plugin = await writeAskingPlugin(folder);
    await mkdir(join(folder, "state"), { recursive: true, mode: 0o700 });
    const config = {
      channels: { memo: { dmPolicy: "allowlist", allowFrom: PEOPLE } },
      plugins: {
        load: { paths: [plugin] },
        entries: { asking: { enabled: true, hooks: { allowConversationAccess: true } } },
      },
    };
    await writeFile(join(folder, "state", "sluice.json"), JSON.stringify(config), { mode: 0o600 });
  }

  /** One start, some work, one kill. */
  async round() {
    const { random } = this.#parts;
    this.#gateway.start();
    if (random() < 0.2) await pause(random() * 700);
    else {
      await this.#gateway.ready();
      const working = this.#work();
      // However slow the machine is: something is under way when the kill comes.
      await Promise.race([working.begun, pause(BEGIN_LIMIT_MS)]);
      await pause(random() * 350);
      working.stop();
    }
    await this.#gateway.kill();
  }

  async finish() {
    this.#gateway.start();
    await this.#gateway.ready();
    const client = await GatewayClient.open(this.#parts.port, TOKEN);
    const deadline = Date.now() + SETTLE_LIMIT_MS;
    for (const key of this.asked) {
      for (;;) {
        await this.#answerSome(client, 1);
        const { status } = await client.call("agent.wait", { runId: key, timeoutMs: 50 });
        if (status !== "timeout") break;
        if (Date.now() > deadline) throw new Error(`run ${key} is still open after ${SETTLE_LIMIT_MS} ms`);
      }
    }
    await client.call("chat.send", { sessionKey: TALK, message: "the last", idempotencyKey: "last" });
    await client.call("agent.wait", { runId: "last", timeoutMs: SETTLE_LIMIT_MS });
    client.close();
    await this.#gateway.stop();
  }

  facts() {
    return {
      asked: this.asked,
      decided: this.#decided,
      maybeDecided: this.#maybeDecided,
      sights: this.#sights,
      injected: this.#injected,
      flows: this.#flows,
      patched: this.#patched,
      claimed: this.#claimed,
      talk: TALK,
    };
  }

  async close() {
    await this.#gateway.kill();
  }

  /** Everybody works until `stop` or the kill. */
  #work() {
    const { random, port } = this.#parts;
    let stopped = false;
    let begin = () => {};
    const begun = new Promise((resolve) => {
      begin = resolve;
    });
    const repeat = async (step) => {
      const client = await GatewayClient.open(port, TOKEN);
      while (!stopped) {
        await step(client);
        begin();
        await pause(random() * 25);
      }
    };
    for (const step of [
      (client) => this.#ask(client),
      (client) => this.#answerSome(client, 0.3),
      (client) => this.#inject(client),
      (client) => this.#stepFlow(client),
      (client) => this.#talkToOwner(client),
    ]) {
      repeat(step).catch(() => {});
    }
    return {
      begun,
      stop() {
        stopped = true;
      },
    };
  }

  async #ask(client) {
    const { random } = this.#parts;
    const key = `pay-${++this.#count}`;
    const timeoutMs = DEADLINES_MS[Math.floor(random() * DEADLINES_MS.length)];
    await client.call("chat.send", {
      sessionKey: `agent:main:${key}`,
      message: `/tool pay ${JSON.stringify({ key, timeoutMs })}`,
      idempotencyKey: key,
    });
    this.asked.add(key);
  }

  async #answerSome(client, share) {
    const { random } = this.#parts;
    for (const { id, expiresAtMs, request } of await client.call("plugin.approval.list", {})) {
      // Of a call: its key. Of a conversation: the question itself.
      const key = request.toolName === undefined ? id : request.title.split(" ")[1];
      const sights = this.#sights.get(key) ?? new Set();
      this.#sights.set(key, sights.add(`${id} ${expiresAtMs}`));
      if (random() >= share) continue;
      const decision = random() < 0.75 ? "allow-once" : "deny";
      this.#maybeDecided.set(key, (this.#maybeDecided.get(key) ?? new Set()).add(decision));
      // A deadline may pass while the answer is under way: that is a refusal, not a loss.
      const taken = await client.call("plugin.approval.resolve", { id, decision }).then(
        () => true,
        (error) => {
          if (!/INVALID_REQUEST|NOT_FOUND/.test(error.message)) throw error;
          return false;
        },
      );
      if (taken && !this.#decided.has(key)) this.#decided.set(key, decision);
    }
  }

  async #inject(client) {
    const key = `fact-${++this.#count}`;
    if (this.#count % 4 === 0 || this.#injected.size === 0) {
      await client.call("chat.send", {
        sessionKey: TALK,
        message: `talk ${key}`,
        idempotencyKey: `talk-${key}`,
      });
    }
    const queued = await client.call("asking.inject", {
      sessionKey: TALK,
      text: `[${key}]`,
      idempotencyKey: key,
    });
    if (queued.enqueued) this.#injected.set(key, true);
    const value = { step: this.#count };
    await client.call("sessions.pluginPatch", { key: TALK, pluginId: "asking", namespace: "state", value });
    this.#patched = Math.max(this.#patched, value.step);
  }

  async #talkToOwner(client) {
    const { random } = this.#parts;
    const person = PEOPLE[Math.floor(random() * PEOPLE.length)];
    const number = ++this.#count;
    const text = random() < 0.4 ? "/hold" : random() < 0.2 ? "/detach" : `words ${number}`;
    const { reason } = await client.call("asking.hear", {
      channel: "memo",
      accountId: "default",
      messageId: `heard-${number}`,
      conversation: { kind: "direct", id: person },
      sender: { id: person },
      text,
      reply: { to: person },
    });
    if (reason === "binding:handled") this.#claimed.add(text);
  }

  async #stepFlow(client) {
    const made = await client.call("asking.flow", { session: TALK, member: "createManaged" });
    this.#flows.set(made.flowId, "queued");
    const waiting = await client.call("asking.flow", {
      session: TALK,
      member: "setWaiting",
      flowId: made.flowId,
      revision: 0,
    });
    if (waiting.applied) this.#flows.set(made.flowId, "waiting");
    const done = await client.call("asking.flow", {
      session: TALK,
      member: "finish",
      flowId: made.flowId,
      revision: 1,
    });
    if (done.applied) this.#flows.set(made.flowId, "succeeded");
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAsCommand(workflowCrashLoop, 40);
