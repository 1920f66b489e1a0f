import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { packageRoot } from "../../../src/kernel/package-root.ts";
import { MAX_FAILED_STARTS, STALLED_START_MS } from "../../../src/runtime/agent/run-job.ts";
import { openStore } from "../../../src/store/index.ts";
import type { TurnRequest } from "../../../src/store/records.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { call, FOREVER_MS, openRoom, say } from "./support.ts";

const MESSAGES = 12;
const MAX_KILLS = 25;
/** Share of its calls in which the first model fails and another answers. */
const FAILING = "0.4";

async function buildChild(folder: string): Promise<string> {
  const outfile = join(folder, "crash-child.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "crash-child.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["better-sqlite3"],
    logLevel: "silent",
    banner: {
      js: 'import { createRequire as __c } from "node:module"; const require = __c(import.meta.url);',
    },
  });
  return outfile;
}

function ended(child: ChildProcess, killAfterMs: number): Promise<"done" | "killed"> {
  return new Promise((resolve) => {
    let done = false;
    // The instant is counted from the child's first sign of life, so that kills land in the work.
    child.on("message", (message) => {
      if (message === "ready") setTimeout(() => child.kill("SIGKILL"), killAfterMs).unref();
      if (message === "done") done = true;
    });
    child.on("exit", () => resolve(done ? "done" : "killed"));
  });
}

describe("a restart", () => {
  it("answers every accepted message exactly once, wherever the process was killed and whichever model failed", async () => {
    const folder = await temporaryFolder();
    const script = await buildChild(folder);
    const state = join(folder, "state");
    const log = join(folder, "calls.log");
    const workerFile = join(packageRoot(), "dist", "workers", "store.cjs");
    let kills = 0;
    for (;;) {
      const child = fork(script, [state, String(MESSAGES), log, workerFile, FAILING], { stdio: "ignore" });
      const killAfterMs = kills < MAX_KILLS ? Math.random() * 20 : 60_000;
      if ((await ended(child, killAfterMs)) === "done") break;
      kills += 1;
      expect(kills).toBeLessThanOrEqual(MAX_KILLS);
    }
    expect(kills).toBeGreaterThan(2);
    const store = await openStore({ folder: state });
    try {
      expect(await store.call.turns.counts({})).toMatchObject({ accepted: MESSAGES, balanced: true });
      for (let index = 0; index < MESSAGES; index++) {
        const turn = await store.call.turns.get({ runId: `run-${index}` });
        expect(turn?.status, `run-${index} after ${kills} kills`).toBe("done");
        const payloads = turn?.outcome?.payloads.filter((payload) => !payload.isFallbackNotice);
        expect(payloads).toEqual([{ text: `answer to m${index}` }]);
      }
      for (let session = 0; session < 3; session++) {
        const page = await store.call.transcripts.page({
          sessionKey: `agent:main:s${session}`,
          limit: 500,
        });
        const bodies = (page?.entries ?? []).map((entry) => JSON.parse(entry.body));
        const texts = (role: string) =>
          bodies
            .filter((body) => body.role === role)
            .map((body) => (typeof body.content === "string" ? body.content : (body.content[0]?.text ?? "")));
        const mine = Array.from({ length: MESSAGES / 3 }, (_, turn) => `m${turn * 3 + session}`);
        expect(texts("user")).toEqual(mine);
        expect(texts("assistant").filter((text) => text !== "")).toEqual(
          mine.map((text) => `answer to ${text}`),
        );
        expect(page?.entries.map((entry) => entry.seq)).toEqual(bodies.map((_, place) => place + 1));
      }
    } finally {
      await store.dispose();
    }
    expect(existsSync(log) && readFileSync(log, "utf8").length).toBeTruthy();
  });

  it("reuses recorded tool results and does not run a tool again", async () => {
    const folder = await temporaryFolder();
    let runs = 0;
    const tools = [
      {
        name: "pay",
        description: "",
        parameters: { type: "object" },
        execute: async () => {
          runs += 1;
          return { content: [{ type: "text" as const, text: "paid" }] };
        },
      },
    ];
    const first = await openRoom({
      folder,
      tools,
      script: async (_context, _options, round) => (round === 0 ? call("pay", {}) : new Promise(() => {})),
    });
    const request = first.request();
    await first.agent.accept(request);
    while ((await first.transcript()).length < 3) await new Promise((next) => setImmediate(next));
    await first.agent.dispose();
    await first.store.dispose();

    const seen: string[] = [];
    const second = await openRoom({
      folder,
      tools,
      script: (context) => {
        seen.push(...context.messages.map((message) => message.role));
        return say("all done");
      },
    });
    expect(await second.agent.resume()).toEqual({ resumed: 1 });
    expect(await second.agent.wait(request.runId, FOREVER_MS)).toMatchObject({
      payloads: [{ text: "all done" }],
    });
    expect(seen).toEqual(["user", "assistant", "toolResult"]);
    expect(runs).toBe(1);
    expect(await second.agent.accept(request)).toMatchObject({ status: "ended" });
  });

  it("gives a turn up after too many starts that got stuck before the model", async () => {
    const folder = await temporaryFolder();
    const clock = new ManualClock();
    let request: TurnRequest | undefined;
    for (let start = 0; start <= MAX_FAILED_STARTS; start++) {
      const room = await openRoom({ folder, clock, script: () => new Promise(() => {}) });
      if (request) {
        await room.agent.resume();
      } else {
        request = room.request();
        await room.agent.accept(request);
      }
      while (room.agent.inFlight("agent:main:main") === undefined)
        await new Promise((next) => setImmediate(next));
      await clock.advance(STALLED_START_MS);
      await room.store.call.turns.counts({});
      await room.agent.dispose();
      await room.store.dispose();
    }
    const last = await openRoom({ folder, clock });
    await last.agent.resume();
    const outcome = await last.agent.wait(request?.runId ?? "", FOREVER_MS);
    expect(outcome).toMatchObject({ status: "failed", error: { code: "TURN_START_FAILED" } });
    expect(outcome?.payloads).toHaveLength(1);
  });

  it("forgives stuck starts once the model answers", async () => {
    const folder = await temporaryFolder();
    const clock = new ManualClock();
    const first = await openRoom({ folder, clock, script: () => new Promise(() => {}) });
    const request = first.request();
    await first.agent.accept(request);
    await first.agent.dispose();
    await first.store.call.turns.stalled({ runId: request.runId });
    await first.store.dispose();
    const second = await openRoom({
      folder,
      clock,
      script: () =>
        (async function* () {
          yield { type: "start" } as const;
          yield { type: "text_delta", contentIndex: 0, delta: "well" } as const;
          await new Promise(() => {});
        })(),
    });
    await second.agent.resume();
    while (second.agent.inFlight("agent:main:main")?.text !== "well") {
      await new Promise((next) => setImmediate(next));
    }
    expect((await second.store.call.turns.get({ runId: request.runId }))?.attempts).toBe(0);
    expect((await second.store.call.turns.get({ runId: request.runId }))?.starts).toBe(2);
  });
});
