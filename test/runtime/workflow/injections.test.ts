import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/kernel/package-root.ts";
import { openStore } from "../../../src/store/index.ts";
import {
  type InjectionRecord,
  MAX_QUEUED_INJECTIONS,
  MAX_SETTLED_INJECTIONS,
} from "../../../src/store/procedures/injections.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SESSION = "agent:main:main";
const TURNS = 10;
const MAX_KILLS = 20;

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
    child.on("message", (message) => {
      if (message === "ready") setTimeout(() => child.kill("SIGKILL"), killAfterMs).unref();
      if (message === "done") done = true;
    });
    child.on("exit", () => resolve(done ? "done" : "killed"));
  });
}

async function storeWithSession() {
  const store = await openStore({ folder: await temporaryFolder() });
  await store.call.sessions.patch({
    sessionKey: SESSION,
    create: { agentId: "main", sessionId: "s", lifecycleRevision: "r" },
    now: 0,
  });
  return store;
}

describe("injections", () => {
  it("[F095] are neither lost nor repeated, wherever the process was killed", async () => {
    const folder = await temporaryFolder();
    const script = await buildChild(folder);
    const state = join(folder, "state");
    const promptLog = join(folder, "prompts.log");
    const workerFile = join(packageRoot(), "dist", "workers", "store.cjs");
    let kills = 0;
    for (;;) {
      const child = fork(script, [state, String(TURNS), promptLog, workerFile], { stdio: "ignore" });
      const killAfterMs = kills < MAX_KILLS ? Math.random() * 25 : 60_000;
      if ((await ended(child, killAfterMs)) === "done") break;
      kills += 1;
      expect(kills).toBeLessThanOrEqual(MAX_KILLS);
    }
    const store = await openStore({ folder: state });
    const books = await store.call.injections.counts({});
    const rows: InjectionRecord[] = await store.call.injections.list({ sessionKey: SESSION, limit: 1_000 });
    await store.dispose();
    expect(books.balanced).toBe(true);
    expect(books.accepted).toBeGreaterThan(0);
    expect(rows).toHaveLength(books.accepted);
    // What the model was told, by run: every attempt of a run saw what its rows say, and nobody else did.
    const prompts = existsSync(promptLog) ? readFileSync(promptLog, "utf8").trim().split("\n") : [];
    const runsOf = new Map<string, Set<string>>();
    for (const line of prompts) {
      const prompt = JSON.parse(line) as string;
      const runId = /<(run-\d+)>/.exec(prompt)?.[1] ?? "";
      const marks = prompt.match(/\[[\d.]+\]/g) ?? [];
      expect(new Set(marks).size).toBe(marks.length);
      for (const mark of marks) runsOf.set(mark, (runsOf.get(mark) ?? new Set()).add(runId));
    }
    for (const { text, status, runId } of rows) {
      const told = [...(runsOf.get(text) ?? [])];
      if (status === "queued") expect(told, text).toEqual([]);
      else expect(told, text).toEqual([runId]);
    }
    expect(runsOf.size).toBe(books.delivered);
  });

  it("[F095] keep their books under any sequence of queueing, expiry, turns and resets", async () => {
    const store = await storeWithSession();
    const command = fc.oneof(
      fc.record({
        kind: fc.constant("enqueue" as const),
        plugin: fc.constantFrom("a", "b"),
        key: fc.constantFrom("k1", "k2", "k3"),
        ttlMs: fc.constantFrom(undefined, 0, 3),
      }),
      fc.record({
        kind: fc.constantFrom("take" as const, "again" as const, "reset" as const, "forget" as const),
      }),
    );
    let now = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
        const delivered = new Set<number>();
        let last: { runId: string; ordinals: number[] } | undefined;
        for (const step of commands) {
          now += 1;
          if (step.kind === "enqueue") {
            const { plugin, key, ttlMs } = step;
            await store.call.injections.enqueue({
              injectionId: key,
              pluginId: plugin,
              sessionKey: SESSION,
              text: key,
              placement: "prepend_context",
              now,
              ...(ttlMs === undefined ? {} : { ttlMs }),
            });
          } else if (step.kind === "take") {
            const runId = `run-${++runs}`;
            const taken = await store.call.injections.take({ runId, sessionKey: SESSION, now });
            for (const { ordinal } of taken) {
              expect(delivered.has(ordinal)).toBe(false);
              delivered.add(ordinal);
            }
            last = { runId, ordinals: taken.map(({ ordinal }) => ordinal) };
          } else if (step.kind === "again" && last) {
            const taken = await store.call.injections.take({ runId: last.runId, sessionKey: SESSION, now });
            const ordinals = taken.map(({ ordinal }) => ordinal);
            expect(ordinals.slice(0, last.ordinals.length)).toEqual(last.ordinals);
            for (const ordinal of ordinals) delivered.add(ordinal);
            last = { runId: last.runId, ordinals };
          } else if (step.kind === "forget") await store.call.injections.forgetPlugin({ pluginId: "a", now });
          else if (step.kind === "reset") {
            const create = { agentId: "main", sessionId: "s" };
            const ids = { entryId: `reset-${now}`, lifecycleRevision: `r${now}` };
            await store.call.sessions.reset({ sessionKey: SESSION, ...ids, reason: "reset", now, create });
          }
          expect((await store.call.injections.counts({})).balanced).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
    await store.dispose();
  });

  it("stay bounded: 32 waiting for each plugin, the newest settled ones of a session", async () => {
    const store = await storeWithSession();
    const put = (id: number, plugin = "a") =>
      store.call.injections.enqueue({
        injectionId: `i${id}`,
        pluginId: plugin,
        sessionKey: SESSION,
        text: "x",
        placement: "prepend_context",
        now: 1,
      });
    for (let id = 0; id < MAX_QUEUED_INJECTIONS; id++) expect((await put(id)).enqueued).toBe(true);
    expect(await put(99)).toMatchObject({ enqueued: false, refused: "full" });
    expect(await put(99, "b")).toMatchObject({ enqueued: true });
    const rounds = Math.ceil(MAX_SETTLED_INJECTIONS / MAX_QUEUED_INJECTIONS) + 2;
    for (let round = 0; round < rounds; round++) {
      await store.call.injections.take({ runId: `r${round}`, sessionKey: SESSION, now: 2 });
      for (let id = 0; id < MAX_QUEUED_INJECTIONS; id++) await put(id);
    }
    const rows = await store.call.injections.list({ sessionKey: SESSION, limit: 10_000 });
    expect(rows.filter(({ status }) => status !== "queued")).toHaveLength(MAX_SETTLED_INJECTIONS);
    expect((await store.call.injections.counts({})).balanced).toBe(true);
    await store.dispose();
  });
});
