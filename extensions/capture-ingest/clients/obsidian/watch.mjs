#!/usr/bin/env node
// Sends Markdown notes of a folder as they are saved: watch.mjs <folder>
//   CAPTURE_KEY, CAPTURE_URL   as everywhere; OBSIDIAN_IGNORE   names to skip, comma separated
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { CaptureClient } from "../node-buffer/capture-client.mjs";

const QUIET_MS = 2_000;
const MAX_NOTE_BYTES = 262_144;

const [folder] = process.argv.slice(2);
const key = process.env.CAPTURE_KEY;
if (!folder || !key) {
  console.error("usage: CAPTURE_KEY=… watch.mjs <folder of notes>");
  process.exit(2);
}
const ignored = (process.env.OBSIDIAN_IGNORE ?? ".obsidian,.trash,.git,node_modules").split(",");
const client = await CaptureClient.open({
  key,
  sourceType: "notes",
  pluginId: "sluice-obsidian",
  ...(process.env.CAPTURE_URL ? { url: process.env.CAPTURE_URL } : {}),
  onError: (error) => console.error(error.message),
});

const timers = new Map();

async function send(name) {
  const file = join(folder, name);
  // A link could lead anywhere, so only plain files are read.
  const stat = await lstat(file).catch(() => undefined);
  if (!stat?.isFile() || stat.size > MAX_NOTE_BYTES) return;
  const text = await readFile(file, "utf8");
  // Notes that a gateway's own vault holds would come back for ever.
  if (/^---\ncapture: 1\n/.test(text)) return;
  const version = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const tags = [...new Set([...text.matchAll(/(?:^|\s)#([\p{L}\d_/-]+)/gu)].map(([, tag]) => tag))];
  const reference = `${createHash("sha256").update(name).digest("hex").slice(0, 16)}-${version}`;
  await client.add(
    { title: basename(name, ".md"), text, ...(tags.length > 0 ? { tags } : {}) },
    { reference, timestamp: stat.mtimeMs / 1_000 },
  );
}

const watcher = watch(folder, { recursive: true }, (_event, name) => {
  if (!name?.endsWith(".md") || name.split(sep).some((part) => ignored.includes(part))) return;
  clearTimeout(timers.get(name));
  timers.set(
    name,
    setTimeout(() => {
      timers.delete(name);
      send(name).catch((error) => console.error(error.message));
    }, QUIET_MS),
  );
});

console.error(`watching ${folder}`);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, async () => {
    watcher.close();
    for (const [name, timer] of timers) {
      clearTimeout(timer);
      await send(name).catch(() => {});
    }
    await client.close();
    process.exit(0);
  });
