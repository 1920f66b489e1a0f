#!/usr/bin/env node
// Imports visits of the last days from Firefox or Chromium: import.mjs <history file> [days]
// Needs the sqlite3 program. The file is copied first, because a running browser holds it.
//   CAPTURE_KEY, CAPTURE_URL   as everywhere; HISTORY_BLOCKLIST   domains to leave out, comma separated
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { CaptureClient } from "../node-buffer/capture-client.mjs";

const run = promisify(execFile);
/** Microseconds between 1601, where Chromium counts from, and 1970. */
const CHROMIUM_EPOCH_US = 11_644_473_600_000_000;
const MAX_OUTPUT_BYTES = 268_435_456;

const [file, days = "30"] = process.argv.slice(2);
const key = process.env.CAPTURE_KEY;
if (!file || !key || !(Number(days) > 0)) {
  console.error("usage: CAPTURE_KEY=… import.mjs <places.sqlite or History> [days]");
  process.exit(2);
}
const blocked = (process.env.HISTORY_BLOCKLIST ?? "").split(",").filter(Boolean);
const since = Math.floor(Date.now() / 1_000 - Number(days) * 86_400);

const firefox = `SELECT h.url AS url, h.title AS title, v.visit_date / 1000000.0 AS at FROM moz_historyvisits v
  JOIN moz_places h ON h.id = v.place_id WHERE v.visit_date > ${since}000000 ORDER BY v.visit_date`;
const chromium = `SELECT u.url AS url, u.title AS title, (v.visit_time - ${CHROMIUM_EPOCH_US}) / 1000000.0 AS at,
  v.visit_duration / 1000000 AS seconds FROM visits v JOIN urls u ON u.id = v.url
  WHERE v.visit_time > ${since}000000 + ${CHROMIUM_EPOCH_US} ORDER BY v.visit_time`;

const folder = await mkdtemp(join(tmpdir(), "history-"));
try {
  const copy = join(folder, "history.sqlite");
  await copyFile(file, copy);
  await copyFile(`${file}-wal`, `${copy}-wal`).catch(() => {});
  const query = basename(file) === "places.sqlite" ? firefox : chromium;
  const { stdout } = await run("sqlite3", ["-json", copy, query], { maxBuffer: MAX_OUTPUT_BYTES });
  const visits = stdout.trim() === "" ? [] : JSON.parse(stdout);
  const client = await CaptureClient.open({
    key,
    sourceType: "web_browsing",
    pluginId: "sluice-browser-history",
    batchEvents: 500,
    ...(process.env.CAPTURE_URL ? { url: process.env.CAPTURE_URL } : {}),
    onError: (error) => console.error(error.message),
  });
  let sent = 0;
  for (const { url, title, at, seconds } of visits) {
    const address = safeAddress(url);
    if (
      !address ||
      blocked.some((domain) => address.domain === domain || address.domain.endsWith(`.${domain}`))
    )
      continue;
    await client.add(
      {
        url: address.url,
        title: title ?? "",
        domain: address.domain,
        ...(seconds > 0 ? { reading_time: seconds } : {}),
      },
      { reference: `${at}-${address.url}`.slice(0, 500), timestamp: at },
    );
    sent += 1;
  }
  await client.close();
  console.error(`${sent} visits handed over, ${await client.pending()} waiting to be sent`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Web pages only, and without what often carries secrets: user, password, query, fragment. */
function safeAddress(text) {
  try {
    const url = new URL(text);
    if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
    return { url: `${url.origin}${url.pathname}`, domain: url.hostname };
  } catch {
    return undefined;
  }
}
