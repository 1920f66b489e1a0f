import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { WireClient } from "../../gateway/support/wire-client.ts";
import { freePort, isolatedEnvironment, launcher, spawnGateway } from "../../support/spawned-gateway.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const run = promisify(execFile);

/** The command of the contract's documentation, to the letter but for the port. */
const QUICK_START = `curl -X POST http://localhost:8000/api/v1/ingest \\
  -H "Content-Type: application/json" \\
  -H "X-API-Key: your-api-key" \\
  -d '{
    "source_type": "braindump", "platform": "macos",
    "device_id": "test-001", "plugin_id": "my-plugin",
    "plugin_version": "1.0.0", "timestamp": 1708258800.0,
    "events": [{"timestamp":1708258800.0,"data":{"text":"Hello!"},"raw_ref":"e1"}]
  }'`;

it("[F228][F243] takes the quick start's command from a fresh gateway to a note, and its command line agrees", async () => {
  const stateDir = await temporaryFolder();
  const port = await freePort();
  const gateway = await spawnGateway({
    stateDir,
    config: { plugins: { entries: { "capture-ingest": { config: { listen: `127.0.0.1:${port}` } } } } },
    env: { API_KEY: "your-api-key" },
  });
  onTestFinished(() => gateway.dispose());
  // Services start beside the server; the listener is one.
  await expect
    .poll(() =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(404);
  const { stdout } = await run("sh", ["-c", QUICK_START.replace(":8000", `:${port}`)]);
  expect(JSON.parse(stdout)).toEqual({
    stored: 1,
    skipped: 0,
    file: expect.stringMatching(/^Braindump\/2024-02-1[89]\.md$/),
  });
  const { file } = JSON.parse(stdout);
  expect(await readFile(join(stateDir, "capture", "vault", file), "utf8")).toContain("\n> Hello!\n");

  const command = async (...args: string[]) => {
    const env = isolatedEnvironment(stateDir, {
      SLUICE_GATEWAY_PORT: String(gateway.port),
      SLUICE_GATEWAY_TOKEN: gateway.token,
    });
    return JSON.parse(
      (await run(process.execPath, [launcher, "capture", ...args, "--json"], { env })).stdout,
    );
  };
  const { key } = await command("keys", "create", "phone");
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/ingest`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({
      source_type: "notes",
      platform: "ios",
      device_id: "test-phone",
      plugin_id: "phone",
      plugin_version: "1.0.0",
      timestamp: 1_708_258_800,
      events: [{ timestamp: 1_708_258_800, data: { title: "From the phone", text: "second note" } }],
    }),
  });
  expect(await answer.json()).toMatchObject({ stored: 1 });
  expect(await command("verify")).toMatchObject({ ok: true, expected: 2, present: 2 });
  expect(await command("search", "second")).toMatchObject([{ title: "From the phone", folder: "Notes" }]);
  expect((await command("plugins", "list")).plugins.map((plugin: { id: string }) => plugin.id)).toEqual([
    "my-plugin",
    "phone",
  ]);
  expect(await command("status")).toMatchObject({
    keys: 2,
    pendingBatches: 0,
    tenants: [{ id: "default", events: 2 }],
  });
});

it("opens nothing before there is a key, and the first key wakes it", async () => {
  const stateDir = await temporaryFolder();
  const gateway = await spawnGateway({ stateDir });
  onTestFinished(() => gateway.dispose());
  const post = async (key: string) => {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/ingest`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key },
      body: "",
    });
    return answer.status;
  };
  await expect.poll(() => post("nobody")).toBe(401);
  expect(await readdir(stateDir)).not.toContain("capture");
  const env = isolatedEnvironment(stateDir);
  const made = await run(process.execPath, [launcher, "capture", "keys", "create", "first", "--json"], {
    env,
  });
  // Through the door now: an empty body is not JSON.
  expect(await post(JSON.parse(made.stdout).key)).toBe(422);
});

it("tells connected clients what was stored, without its text", async () => {
  const gateway = await spawnGateway({
    stateDir: await temporaryFolder(),
    config: {
      plugins: {
        entries: { "capture-ingest": { config: { keys: [{ id: "k", key: "a-key-of-the-tests" }] } } },
      },
    },
  });
  onTestFinished(() => gateway.dispose());
  const client = await WireClient.open(`ws://127.0.0.1:${gateway.port}`, {
    scopes: ["operator.read"],
    auth: { token: gateway.token },
  });
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/ingest`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "a-key-of-the-tests" },
    body: JSON.stringify({
      source_type: "braindump",
      platform: "ios",
      device_id: "test-phone",
      plugin_id: "phone",
      plugin_version: "1.0.0",
      timestamp: 1_708_258_800,
      events: [{ timestamp: 1_708_258_800, data: { text: "a private thought" } }],
    }),
  });
  expect(answer.status).toBe(200);
  const { payload } = await client.event("plugin.capture-ingest.stored");
  expect(payload).toMatchObject({ stored: 1 });
  expect(JSON.stringify(payload)).not.toContain("private thought");
});

it("has everything that was acknowledged after the gateway was killed", async () => {
  const stateDir = await temporaryFolder();
  const config = {
    plugins: {
      entries: {
        "capture-ingest": {
          config: {
            keys: [{ id: "k", key: "a-key-of-the-tests" }],
            limits: { requestsPerMinute: 10_000, requestsInFlight: 64 },
          },
        },
      },
    },
  };
  const now = Math.floor(Date.now() / 1_000);
  const post = (port: number, ref: string) =>
    fetch(`http://127.0.0.1:${port}/api/v1/ingest`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "a-key-of-the-tests" },
      body: JSON.stringify({
        source_type: "journal",
        platform: "linux",
        device_id: "test-kill",
        plugin_id: "killer",
        plugin_version: "1.0.0",
        timestamp: now,
        events: [{ timestamp: now, raw_ref: ref, data: { text: ref } }],
      }),
    });
  const first = await spawnGateway({ stateDir, config });
  const acknowledged: string[] = [];
  const sending = Promise.allSettled(
    Array.from({ length: 16 }, async (_, client) => {
      for (let n = 0; n < 200; n++) {
        const answer = await post(first.port, `${client}-${n}`);
        if (answer.status === 200) acknowledged.push(`${client}-${n}`);
      }
    }),
  );
  await expect.poll(() => acknowledged.length).toBeGreaterThan(50);
  first.process.kill("SIGKILL");
  await sending;
  const second = await spawnGateway({ stateDir, config });
  onTestFinished(() => second.dispose());
  // Until recovery is done the route answers 503.
  await expect.poll(async () => (await post(second.port, "early")).status).toBe(200);
  for (const ref of acknowledged.slice(-20))
    expect(await (await post(second.port, ref)).json()).toMatchObject({ skipped: 1 });
  const day = (await (await post(second.port, "last")).json()).file;
  const content = await readFile(join(stateDir, "capture", "vault", day), "utf8");
  for (const ref of acknowledged) expect(content.split(`\n> ${ref}\n`)).toHaveLength(2);
});
