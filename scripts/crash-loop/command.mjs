export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A small random source, so that a seed repeats a run's choices. */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Runs a crash loop as its command line says, tells how it went, and ends the process. */
export async function runAsCommand(loop, defaultKills) {
  const json = process.argv.includes("--json");
  const started = Date.now();
  const result = await loop({
    kills: option("kills", defaultKills),
    seed: option("seed", Math.floor(Math.random() * 1e9)),
    keep: process.argv.includes("--keep"),
    log: json ? () => {} : (line) => console.log(line),
  });
  const summary = { ...result, seconds: Math.round((Date.now() - started) / 1_000) };
  if (json) console.log(JSON.stringify(summary, null, 2));
  else {
    console.log(summary.figures);
    for (const problem of summary.problems.slice(0, 50)) console.error(`PROBLEM ${problem}`);
    console.log(`${summary.ok ? "kept" : "BROKEN"} (seed ${summary.seed}, ${summary.seconds} s)`);
  }
  process.exit(summary.ok ? 0 : 1);
}

function option(name, fallback) {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? fallback : Number(process.argv[index + 1]);
}
