import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseVaultFile } from "../../../extensions/capture-ingest/render/parse.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { harness, KEY, NOW, NOW_S, sampleBatch, sampleEvent } from "./support.ts";

const FILE = "Audio/2026-03-01.md";

describe("POST /api/v1/ingest", () => {
  it("[F228][F230][F236] stores the documented request as one entry of a daily Markdown file", async () => {
    const { post, vault } = await harness();
    const answer = await post(sampleBatch());
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ stored: 1, skipped: 0, file: FILE });
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-request-id")).toBeTruthy();
    const content = await readFile(join(vault, FILE), "utf8");
    expect(content.replace(/oc-[0-9a-f]{12}/, "oc-ID")).toMatchInlineSnapshot(`
      "---
      capture: 1
      date: 2026-03-01
      folder: Audio
      timezone: UTC
      sensitivity: HIGH
      tags: [capture, capture/audio]
      ---

      # Audio 2026-03-01

      ## 12:00:00 audio_system · Google Meet

      - duration: 60
      - confidence: 0.95
      - source: openclone-mac-audio 1.0.0 · macos · 550e8400
      - captured: 2026-03-01T12:00:00.000+00:00

      > We discussed the product roadmap for Q2.

      ^oc-ID
      "
    `);
  });

  it("[F243] stores the quick start's request as printed, marked as a test", async () => {
    const { post, vault } = await harness();
    const answer = await post(`{
    "source_type": "braindump", "platform": "macos",
    "device_id": "test-001", "plugin_id": "my-plugin",
    "plugin_version": "1.0.0", "timestamp": 1708258800.0,
    "events": [{"timestamp":1708258800.0,"data":{"text":"Hello!"},"raw_ref":"e1"}]
  }`);
    expect(answer.body).toEqual({ stored: 1, skipped: 0, file: "Braindump/2024-02-18.md" });
    expect(await readFile(join(vault, "Braindump/2024-02-18.md"), "utf8")).toContain("#capture/test");
  });

  it("[F231] refuses a missing and a wrong key alike", async () => {
    const { post } = await harness();
    for (const key of ["", "wrong", `${KEY}x`]) {
      const answer = await post(sampleBatch(), { "x-api-key": key });
      expect([answer.status, answer.body]).toEqual([401, { detail: "Invalid or missing X-API-Key" }]);
    }
  });

  it("[F231] lists broken rules with their place", async () => {
    const { post } = await harness();
    const answer = await post(sampleBatch({ platform: "beos", events: [sampleEvent({ timestamp: 5 })] }));
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toEqual([
      {
        loc: ["body", "platform"],
        type: "enum",
        msg: expect.any(String),
        ctx: { expected: ["macos", "windows", "linux", "ios", "android", "web"] },
      },
      {
        loc: ["body", "events", 0, "timestamp"],
        type: "timestamp_too_early",
        msg: expect.any(String),
        ctx: { min: 1_577_836_800 },
      },
    ]);
  });

  it("refuses what is not JSON, not UTF-8, not the method, not the media type", async () => {
    const { post, url } = await harness();
    for (const body of ["{", new Uint8Array([0x22, 0xff, 0x22])]) {
      const answer = await post(body);
      expect([answer.status, answer.body.detail[0].type]).toEqual([422, "json_invalid"]);
    }
    expect((await post(sampleBatch(), { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(sampleBatch(), { "content-type": "application/vnd.x+json" })).status).toBe(200);
    const get = await fetch(`${url}/api/v1/ingest`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("[F234] takes a body of exactly 1 MiB and refuses one byte more, announced, chunked or compressed", async () => {
    const { post, url } = await harness();
    const pad = (bytes: number) => {
      const text = JSON.stringify(sampleBatch({ padding: "" }));
      return text.replace('"padding":""', `"padding":"${"x".repeat(bytes - text.length)}"`);
    };
    expect((await post(pad(1_048_576))).status).toBe(200);
    expect((await post(gzipSync(pad(1_048_576)), { "content-encoding": "gzip" })).status).toBe(200);
    const over = await post(pad(1_048_577));
    expect([over.status, over.body]).toEqual([413, { detail: "Payload too large (max 1048576 bytes)" }]);
    expect((await post(gzipSync(pad(1_048_577)), { "content-encoding": "gzip" })).status).toBe(413);
    const chunked = await fetch(`${url}/api/v1/ingest`, {
      method: "POST",
      headers: { "x-api-key": KEY },
      body: new Blob([pad(1_048_577)]).stream(),
      duplex: "half",
    } as RequestInit).then(
      (response) => response.status,
      () => 413,
    );
    expect(chunked).toBe(413);
  });

  it("reads gzip bodies and refuses broken or other encodings", async () => {
    const { post } = await harness();
    const zipped = gzipSync(JSON.stringify(sampleBatch()));
    expect((await post(zipped, { "content-encoding": "gzip" })).body.stored).toBe(1);
    expect((await post(zipped.subarray(0, 40), { "content-encoding": "gzip" })).status).toBe(422);
    expect((await post("{}", { "content-encoding": "br" })).status).toBe(415);
  });

  it("[F233] skips a known reference: in a batch, across batches, across restarts", async () => {
    const first = await harness();
    const twice = sampleBatch({ events: [sampleEvent(), sampleEvent({ data: { text: "other" } })] });
    expect((await first.post(twice)).body).toMatchObject({ stored: 1, skipped: 1 });
    expect((await first.post(sampleBatch())).body).toMatchObject({ stored: 0, skipped: 1 });
    const second = await first.restart();
    expect((await second.post(sampleBatch())).body).toMatchObject({ stored: 0, skipped: 1, file: FILE });
    expect(await entries(second.vault)).toHaveLength(1);
  });

  it("[F233] tells references of other plugins, source types and splits apart", async () => {
    const { post } = await harness();
    await post(sampleBatch({ plugin_id: "ab", events: [sampleEvent({ raw_ref: "c" })] }));
    for (const changes of [
      { plugin_id: "a", events: [sampleEvent({ raw_ref: "bc" })] },
      { plugin_id: "ab", source_type: "audio_mic", events: [sampleEvent({ raw_ref: "c" })] },
    ])
      expect((await post(sampleBatch(changes))).body.stored).toBe(1);
  });

  it("[F237] keeps tenants apart: vault, references, answers", async () => {
    const stateDir = await temporaryFolder();
    const two = await harness({
      settings: {
        vault: join(stateDir, "one"),
        tenants: { anna: { vault: join(stateDir, "anna") } },
        keys: [
          { id: "one", key: KEY },
          { id: "anna", tenant: "anna", key: "annas-key-0123456789" },
        ],
      },
    });
    expect((await two.post(sampleBatch())).body.stored).toBe(1);
    const annas = await two.post(sampleBatch(), { "x-api-key": "annas-key-0123456789" });
    expect(annas.body).toEqual({ stored: 1, skipped: 0, file: FILE });
    expect(await entries(join(stateDir, "one"))).toHaveLength(1);
    expect(await entries(join(stateDir, "anna"))).toHaveLength(1);
    const listing = await two.get("/api/v1/plugins", { "x-api-key": "annas-key-0123456789" });
    expect(listing.body.plugins[0].events_stored).toBe(1);
  });

  it("stores events without a reference each time, and once with an idempotency key", async () => {
    const { post, vault } = await harness();
    const plain = sampleBatch({ events: [sampleEvent({ raw_ref: undefined })] });
    await post(plain);
    await post(plain);
    const first = await post(plain, { "idempotency-key": "once" });
    const again = await post(plain, { "idempotency-key": "once" });
    expect(again.body).toEqual(first.body);
    expect(await entries(vault)).toHaveLength(3);
    expect((await post(plain, { "idempotency-key": "x".repeat(129) })).status).toBe(422);
  });

  it("forgets an idempotency key after 24 hours", async () => {
    const clock = new ManualClock(NOW);
    const { post, vault } = await harness({ clock });
    const plain = sampleBatch({ events: [sampleEvent({ raw_ref: undefined })] });
    await post(plain, { "idempotency-key": "day" });
    await clock.advance(86_400_001);
    await post(plain, { "idempotency-key": "day" });
    expect(await entries(vault)).toHaveLength(2);
  });

  it("[F236] stores the good events of a lenient batch and names the others", async () => {
    const { post } = await harness();
    const body = sampleBatch({ events: [sampleEvent(), 1, sampleEvent()] });
    expect((await post(body)).status).toBe(422);
    const answer = await post(body, { prefer: "handling=lenient" }, "?receipts=1");
    expect(answer.body).toMatchObject({
      stored: 1,
      skipped: 1,
      rejected: [{ index: 1, errors: [{ loc: ["body", "events", 1], type: "object_type" }] }],
      receipts: [
        { index: 0, status: "stored", block_id: expect.stringMatching(/^\^oc-[0-9a-f]{12}$/) },
        { index: 1, status: "rejected", reason: "an event must be an object" },
        { index: 2, status: "skipped", reason: "duplicate" },
      ],
    });
  });

  it("gives receipts whose block ids are in the file", async () => {
    const { post, vault } = await harness();
    const events = Array.from({ length: 20 }, (_, index) => sampleEvent({ raw_ref: `r${index}` }));
    const { body } = await post(sampleBatch({ events }), {}, "?receipts=1");
    const ids = (await entries(vault)).map((entry) => `^${entry.blockId}`);
    expect(body.receipts.map((receipt: { block_id: string }) => receipt.block_id)).toEqual(ids);
  });

  it("[F234] refuses the 61st request of a minute until the named time has passed", async () => {
    const clock = new ManualClock(NOW);
    const { post } = await harness({ clock, settings: { limits: {} } });
    for (let request = 0; request < 60; request++) {
      const answer = await post("{}");
      expect([answer.status, answer.headers.get("ratelimit-remaining")]).toEqual([422, String(59 - request)]);
      await clock.advance(100);
    }
    const refused = await post("{}");
    expect([refused.status, refused.body]).toEqual([
      429,
      { detail: "Rate limit exceeded, retry with backoff" },
    ]);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBe(54);
    await clock.advance(wait * 1_000);
    expect((await post(sampleBatch())).status).toBe(200);
  });

  it("does not count wrong keys against a key, and stops guessing addresses", async () => {
    const { post } = await harness();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 22; attempt++)
      statuses.push((await post(sampleBatch(), { "x-api-key": `guess-${attempt}` })).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses.slice(20)).toEqual([429, 429]);
    expect((await post(sampleBatch())).status).toBe(200);
  });

  it("names the file by the batch's day in the vault's zone, daylight saving included", async () => {
    const clock = new ManualClock(Date.UTC(2026, 2, 30));
    const { post } = await harness({ clock, settings: { timezone: "Europe/Paris" } });
    const at = async (iso: string) =>
      (await post(sampleBatch({ timestamp: Date.parse(iso) / 1_000 }))).body.file;
    expect(await at("2026-03-28T22:59:59Z")).toBe("Audio/2026-03-28.md");
    expect(await at("2026-03-28T23:00:00Z")).toBe("Audio/2026-03-29.md");
    expect(await at("2026-03-29T21:59:59Z")).toBe("Audio/2026-03-29.md");
    expect(await at("2026-03-29T22:00:00Z")).toBe("Audio/2026-03-30.md");
  });

  it("keeps a batch that crosses midnight in one file and dates the entries of other days", async () => {
    const { post, vault } = await harness();
    const events = [sampleEvent({ raw_ref: "a" }), sampleEvent({ raw_ref: "b", timestamp: NOW_S - 43_201 })];
    await post(sampleBatch({ events }));
    expect((await entries(vault)).map((entry) => entry.when)).toEqual(["12:00:00", "2026-02-28 23:59:59"]);
  });

  it("adds up under 20 concurrent clients", async () => {
    const { post, vault } = await harness();
    let stored = 0;
    let skipped = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, client) => {
        for (let batch = 0; batch < 12; batch++) {
          const events = Array.from({ length: 5 }, (_, index) =>
            // Half of the references are shared by all clients, so that they race for them.
            sampleEvent({
              raw_ref: index % 2 === 0 ? `shared-${batch}-${index}` : `${client}-${batch}-${index}`,
            }),
          );
          const { status, body } = await post(sampleBatch({ events }));
          expect(status).toBe(200);
          stored += body.stored;
          skipped += body.skipped;
        }
      }),
    );
    const found = await entries(vault);
    expect(stored + skipped).toBe(20 * 12 * 5);
    expect(stored).toBe(12 * 3 + 20 * 12 * 2);
    expect(found).toHaveLength(stored);
    expect(new Set(found.map((entry) => entry.blockId)).size).toBe(stored);
  });

  it("[F237] drops the body of an email and keeps messages on this machine", async () => {
    const { post, vault } = await harness();
    const secret = "the body nobody may see";
    const email = { subject: "Hi", from: "a@b.c", body: secret, html: `<p>${secret}</p>`, Text: secret };
    await post(sampleBatch({ source_type: "email", events: [sampleEvent({ data: email })] }));
    await post(
      sampleBatch({
        source_type: "messaging",
        events: [sampleEvent({ data: { from: "x", preview: "yo" } })],
      }),
    );
    const mail = await readFile(join(vault, "Email/2026-03-01.md"), "utf8");
    expect(mail).not.toContain(secret);
    expect(mail).toContain("- dropped_fields: 3");
    const messages = await readFile(join(vault, "Messages/2026-03-01.md"), "utf8");
    expect(messages).toContain("local_only: true");
    expect(messages).toContain("> yo");
  });

  it("applies the operator's redaction rules before anything is written", async () => {
    const { post, vault } = await harness({
      settings: {
        redact: [
          { preset: "card-number" },
          { text: "Project Falcon", replacement: "…" },
          { pattern: "\\bDOB \\d{4}", sourceTypes: ["journal"] },
        ],
      },
    });
    const text = "project falcon paid with 4111 1111 1111 1111, DOB 1980";
    await post(
      sampleBatch({ events: [sampleEvent({ data: { text, deep: [{ card: "4111111111111111" }] } })] }),
    );
    const content = await readFile(join(vault, FILE), "utf8");
    expect(content).toContain("> … paid with [redacted], DOB 1980");
    expect(content).not.toContain("4111");
  });

  it("respects what users did to a file between two batches", async () => {
    const { post, vault } = await harness();
    const send = (ref: string) => post(sampleBatch({ events: [sampleEvent({ raw_ref: ref })] }));
    await send("1");
    const path = join(vault, FILE);
    await writeFile(path, `${await readFile(path, "utf8")}\nmy own note without a final newline`);
    await send("2");
    expect(await readFile(path, "utf8")).toContain("without a final newline\n\n## 12:00:00");
    await writeFile(path, "# all gone\n");
    await send("3");
    expect(await readFile(path, "utf8")).toMatch(/^# all gone\n\n## 12:00:00/);
    await writeFile(path, "");
    await send("4");
    expect(await readFile(path, "utf8")).toMatch(/^---\ncapture: 1\n/);
    expect(await entries(vault)).toHaveLength(1);
  });
});

async function entries(vault: string) {
  const found = [];
  for (const folder of await readdir(vault))
    for (const file of await readdir(join(vault, folder)))
      found.push(...parseVaultFile(await readFile(join(vault, folder, file), "utf8")));
  return found;
}
