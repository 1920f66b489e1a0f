import { appendFileSync, mkdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { dirname } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { culpritIn } from "./culprit.ts";
import {
  BEAT_MS,
  type FromWatcher,
  HOLD_LIMIT_MS,
  type Hold,
  type ToWatcher,
  type WatchSeed,
} from "./hold.ts";

const STDERR = 2;
const seed = workerData as WatchSeed;
const beats = new Int32Array(seed.beats);
let { roots } = seed;
/** Addresses of the main thread's scripts; known only while it is looked into. */
const scripts = new Map<string, string>();
let lastBeat = Atomics.load(beats, 0);
let silentSince = Date.now();
let silentTicks = 0;
let asked = false;
let hold: Hold | undefined;

/**
 * The thread that watches the main thread; built to `dist/workers/loop-watch.cjs`. When the main thread is
 * silent it is stopped for an instant to see where it is, which works in an endless loop too.
 */
const session = new Session();
// Connecting needs the main thread once, so it happens while that one is well.
session.connectToMainThread();
session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params.url));
session.on("Debugger.paused", ({ params }) => {
  // When a beat came meanwhile, what is running now is not what held the loop.
  if (asked && Atomics.load(beats, 0) === lastBeat) note(params.callFrames);
  session.post("Debugger.resume");
  lookAway();
});

parentPort?.on("message", (message: ToWatcher) => {
  roots = message.roots;
});
setInterval(tick, BEAT_MS);

function tick(): void {
  const beat = Atomics.load(beats, 0);
  if (beat !== lastBeat) {
    lastBeat = beat;
    if (asked) recovered();
    silentSince = Date.now();
    silentTicks = 0;
    return;
  }
  // Counted in ticks: a machine that slept stopped this thread as well.
  silentTicks++;
  if (asked || silentTicks * BEAT_MS < HOLD_LIMIT_MS) return;
  asked = true;
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

function note(frames: readonly Debugger.CallFrame[]): void {
  const places = frames.map(({ functionName, location }) => {
    // Without what a reload adds to it.
    const address = scripts.get(location.scriptId)?.split("?")[0] ?? "";
    return `${functionName || "(anonymous)"} (${address}:${location.lineNumber + 1})`;
  });
  const pluginId = culpritIn(places, roots);
  const place = places.find((line) => culpritIn([line], roots) === pluginId) ?? places[0] ?? "(unknown)";
  hold = { ...(pluginId === undefined ? {} : { pluginId }), place, since: silentSince };
  const who = pluginId === undefined ? "the gateway's own code" : `plugin "${pluginId}"`;
  const line = `${JSON.stringify({
    level: "error",
    time: new Date().toISOString(),
    name: "plugins",
    ...(pluginId === undefined ? {} : { pluginId }),
    code: "event-loop-held",
    msg: `${who} holds the event loop: nothing is answered until ${place} returns`,
  })}\n`;
  writeSync(STDERR, line);
  tryTo(() => appendFileSync(seed.logFile, line));
  tryTo(() => {
    mkdirSync(dirname(seed.recordFile), { recursive: true });
    writeFileSync(seed.recordFile, JSON.stringify(hold));
  });
}

function recovered(): void {
  if (hold) {
    parentPort?.postMessage({ hold, heldMs: Date.now() - hold.since } satisfies FromWatcher);
    tryTo(() => rmSync(seed.recordFile, { force: true }));
  } else {
    lookAway();
  }
  hold = undefined;
  asked = false;
}

function lookAway(): void {
  session.post("Debugger.disable");
  scripts.clear();
}

/** A full disk must not end the watch. */
function tryTo(work: () => void): void {
  try {
    work();
  } catch {}
}
