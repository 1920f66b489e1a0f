#!/usr/bin/env node
// Buffers captured events on disk and sends them in batches. Node 20 or newer, no packages.
//
//   import { CaptureClient } from "./capture-client.mjs";
//   const client = await CaptureClient.open({ key, sourceType: "activity" });
//   await client.add({ app_name: "Editor", duration: 60 });   // on disk when it resolves
//   await client.close();                                     // sends what it can, keeps the rest
//
// As a program it reads one JSON object per line: tail -f events.jsonl | CAPTURE_KEY=… capture-client.mjs activity
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PLATFORMS = { darwin: "macos", win32: "windows" };
const MAX_EVENTS = 500;
/** Leaves room for the batch around the events in a body of 1 MiB. */
const MAX_EVENT_BYTES = 900_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

export class CaptureClient {
  #options;
  #folder;
  #deviceId;
  #current;
  #currentEvents = 0;
  #number = 0;
  #timer;
  #sending;
  #writing = Promise.resolve();
  #pause = FIRST_PAUSE_MS;
  #notBefore = 0;
  #closed = false;
  #retry;

  /**
   * Options: `key` (required), `sourceType` (required), `url`, `pluginId`, `pluginVersion`, `folder` (where the
   * buffer lies), `batchEvents` (100), `batchSeconds` (60), `onError(error)`.
   */
  static async open(options) {
    const client = new CaptureClient();
    client.#options = {
      url: "http://127.0.0.1:18789/api/v1/ingest",
      pluginId: "sluice-node-buffer",
      pluginVersion: "1.0.0",
      batchEvents: 100,
      batchSeconds: 60,
      onError: () => {},
      ...options,
    };
    client.#folder =
      options.folder ?? join(homedir(), ".local", "state", "sluice-capture", options.sourceType);
    await mkdir(client.#folder, { recursive: true, mode: 0o700 });
    client.#deviceId = await client.#readDeviceId();
    const names = await client.#bufferFiles();
    client.#number = names.length === 0 ? 0 : Number(names.at(-1).slice(0, 12)) + 1;
    client.#timer = setInterval(() => client.#flushLater(), client.#options.batchSeconds * 1_000);
    client.#timer.unref();
    return client;
  }

  /**
   * Keeps an event; it is on disk when this resolves. `reference` is your own stable id: with the same one the
   * event is stored once, however often it is sent. `timestamp` is in Unix seconds, default now.
   */
  add(data, { reference = randomUUID(), timestamp = Date.now() / 1_000 } = {}) {
    const line = JSON.stringify({ timestamp, data, raw_ref: reference });
    if (Buffer.byteLength(line) > MAX_EVENT_BYTES)
      return Promise.reject(new Error("the event is too large to send"));
    const work = this.#writing.then(() => this.#append(`${line}\n`));
    this.#writing = work.catch(() => {});
    return work;
  }

  /** Sends what is buffered, oldest first; resolves when nothing is left or the gateway has to be waited for. */
  async flush() {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Events not acknowledged yet. */
  async pending() {
    let count = 0;
    for (const name of await this.#bufferFiles()) count += (await this.#readEvents(name)).length;
    return count;
  }

  /** Tries once more to send everything; what is left stays on disk for the next time. */
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    await this.#sending?.catch(() => {});
    await this.#writing;
    this.#notBefore = 0;
    await this.flush();
    await this.#current?.close();
    this.#current = undefined;
  }

  #flushLater() {
    if (!this.#closed) this.flush().catch((error) => this.#options.onError(error));
  }

  async #append(line) {
    this.#current ??= await open(
      join(this.#folder, `${String(this.#number).padStart(12, "0")}.jsonl`),
      "a",
      0o600,
    );
    await this.#current.write(line);
    await this.#current.datasync();
    this.#currentEvents += 1;
    if (this.#currentEvents >= this.#options.batchEvents) {
      await this.#turnPage();
      this.#flushLater();
    }
  }

  /** Closes the file being written, so that it can be sent. */
  async #turnPage() {
    if (!this.#current) return;
    await this.#current.close();
    this.#current = undefined;
    this.#currentEvents = 0;
    this.#number += 1;
  }

  async #send() {
    if (Date.now() < this.#notBefore) return;
    const page = this.#writing.then(() => this.#turnPage());
    this.#writing = page.catch(() => {});
    await page;
    for (const name of await this.#bufferFiles()) {
      const file = join(this.#folder, name);
      const events = await this.#readEvents(name);
      for (const batch of batches(events)) if (!(await this.#post(batch))) return;
      await rm(file, { force: true });
    }
  }

  /** True when the events are done with: stored, or refused for good. */
  async #post(events) {
    const { url, key, sourceType, pluginId, pluginVersion, onError } = this.#options;
    const body = JSON.stringify({
      source_type: sourceType,
      platform: PLATFORMS[process.platform] ?? "linux",
      device_id: this.#deviceId,
      plugin_id: pluginId,
      plugin_version: pluginVersion,
      timestamp: events[0].timestamp,
      events,
    });
    try {
      const response = await fetch(url, {
        method: "POST",
        // One bad event must not hold the others back.
        headers: { "content-type": "application/json", "x-api-key": key, prefer: "handling=lenient" },
        body,
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await response.json().catch(() => ({}));
      if (response.ok) {
        this.#pause = FIRST_PAUSE_MS;
        for (const { index, errors } of answer.rejected ?? [])
          onError(new Error(`event ${index} was refused: ${errors.map((error) => error.msg).join("; ")}`));
        return true;
      }
      if (response.status === 413 && events.length > 1) {
        const half = Math.ceil(events.length / 2);
        return (await this.#post(events.slice(0, half))) && (await this.#post(events.slice(half)));
      }
      if (response.status === 422 || response.status === 413) {
        await this.#setAside(events, answer);
        onError(new Error(`a batch was refused and set aside: ${JSON.stringify(answer.detail)}`));
        return true;
      }
      onError(new Error(`the gateway answered ${response.status}`));
      this.#backOff(Number(response.headers.get("retry-after")) * 1_000);
    } catch (error) {
      onError(error);
      this.#backOff(0);
    }
    return false;
  }

  #backOff(askedMs) {
    const wait = Math.max(askedMs || 0, this.#pause * (0.5 + Math.random() / 2));
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2);
    this.#notBefore = Date.now() + wait;
    clearTimeout(this.#retry);
    if (this.#closed) return;
    this.#retry = setTimeout(() => this.#flushLater(), wait + 5);
    this.#retry.unref();
  }

  /** What the gateway will never take is kept for its owner to look at. */
  async #setAside(events, answer) {
    const text = JSON.stringify({ answer, events });
    await writeFile(join(this.#folder, `refused-${Date.now()}-${randomUUID().slice(0, 8)}.json`), text, {
      mode: 0o600,
    });
  }

  async #bufferFiles() {
    return (await readdir(this.#folder)).filter((name) => /^\d{12}\.jsonl$/.test(name)).sort();
  }

  /** Whole lines only: a line torn by a crash was never acknowledged to anybody. */
  async #readEvents(name) {
    const lines = (await readFile(join(this.#folder, name), "utf8")).split("\n");
    return lines.flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  }

  async #readDeviceId() {
    const file = join(this.#folder, "device-id");
    const known = await readFile(file, "utf8").catch(() => "");
    if (known.trim() !== "") return known.trim();
    const made = randomUUID();
    await writeFile(`${file}.tmp`, `${made}\n`, { mode: 0o600 });
    await rename(`${file}.tmp`, file);
    return made;
  }
}

/** At most 500 events and a megabyte a piece, and one day each, because a batch goes into one day's file. */
function* batches(events) {
  let batch = [];
  let bytes = 0;
  const day = (event) => new Date(event.timestamp * 1_000).toDateString();
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event)) + 1;
    if (
      batch.length > 0 &&
      (batch.length === MAX_EVENTS || bytes + size > MAX_EVENT_BYTES || day(batch[0]) !== day(event))
    ) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [sourceType = "braindump"] = process.argv.slice(2);
  const key = process.env.CAPTURE_KEY;
  if (!key) {
    console.error("set CAPTURE_KEY; make one with: sluice capture keys create node");
    process.exit(2);
  }
  const url = process.env.CAPTURE_URL;
  const client = await CaptureClient.open({
    key,
    sourceType,
    ...(url ? { url } : {}),
    onError: (error) => console.error(error.message),
  });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    try {
      const value = JSON.parse(line);
      await client.add(typeof value === "object" && value !== null ? value : { text: String(value) });
    } catch {
      await client.add({ text: line });
    }
  }
  await client.close();
}
