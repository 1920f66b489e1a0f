import { execFile, execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { vaultEntries } from "./child/run.ts";
import { harness, KEY } from "./support.ts";

const run = promisify(execFile);
const client = (path: string) =>
  fileURLToPath(new URL(`../../../extensions/capture-ingest/clients/${path}`, import.meta.url));

interface CaptureClient {
  add(data: object, options?: { reference?: string; timestamp?: number }): Promise<void>;
  flush(): Promise<void>;
  pending(): Promise<number>;
  close(): Promise<void>;
}

async function openClient(options: Record<string, unknown>): Promise<CaptureClient> {
  const module = (await import(client("node-buffer/capture-client.mjs"))) as {
    CaptureClient: { open(options: Record<string, unknown>): Promise<CaptureClient> };
  };
  const opened = await module.CaptureClient.open({ key: KEY, sourceType: "activity", ...options });
  onTestFinished(() => opened.close());
  return opened;
}

describe("the shipped clients", () => {
  it("[F243] send text with special characters from a shell", async () => {
    const to = await harness({ clock: systemClock });
    const home = await temporaryFolder();
    const env = {
      PATH: process.env["PATH"],
      HOME: home,
      CAPTURE_KEY: KEY,
      CAPTURE_URL: `${to.url}/api/v1/ingest`,
    };
    const text = 'a "quoted" \\ path\nsecond line\twith tab $HOME `x` é😀';
    await run(client("curl-shell/capture.sh"), [text], { env });
    await run(client("curl-shell/capture.sh"), ["again"], { env: { ...env, CAPTURE_TYPE: "journal" } });
    const entries = await vaultEntries(to.vault);
    expect(entries.map((entry) => entry.text).sort()).toEqual([text, "again"].sort());
    // The same device both times.
    expect(new Set(entries.map((entry) => entry.source.split(" · ")[2])).size).toBe(1);
  });

  it("keep events on disk while the gateway is away and send each once when it is back", async () => {
    const folder = await temporaryFolder();
    const errors: string[] = [];
    const away = await openClient({
      url: "http://127.0.0.1:9/api/v1/ingest",
      folder,
      onError: (error: Error) => errors.push(error.message),
    });
    for (let event = 0; event < 20; event++) await away.add({ app_name: `app ${event}` });
    await away.flush();
    expect(await away.pending()).toBe(20);
    await away.close();
    expect(errors.length).toBeGreaterThan(0);

    const to = await harness({ clock: systemClock });
    // A line torn by a crash is no event.
    const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
    await writeFile(join(folder, file), `${await readFile(join(folder, file), "utf8")}{"timest`);
    const back = await openClient({ url: `${to.url}/api/v1/ingest`, folder });
    await back.add({ app_name: "new" });
    await back.flush();
    expect(await back.pending()).toBe(0);
    expect(await vaultEntries(to.vault)).toHaveLength(21);
  });

  it("wait as told, split what is too large, and set aside what is refused", async () => {
    const seen: number[] = [];
    const answers = [
      { status: 429, headers: { "retry-after": "1" } },
      { status: 413 },
      { status: 200 },
      { status: 422 },
    ];
    const server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", () => {
        seen.push(JSON.parse(text).events.length);
        const { status, headers = {} } = answers.shift() ?? { status: 200 };
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(JSON.stringify({ detail: "x" }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const folder = await temporaryFolder();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const sender = await openClient({ url, folder });
    for (let event = 0; event < 10; event++) await sender.add({ n: event });
    await sender.flush();
    expect(seen).toEqual([10]);
    await sender.flush();
    expect(seen).toEqual([10]);
    // Closing tries once more, whatever it was told.
    await sender.close();
    expect(seen).toEqual([10, 10, 5, 5]);
    expect((await readdir(folder)).filter((name) => name.startsWith("refused-"))).toHaveLength(1);
    expect(await sender.pending()).toBe(0);
  });

  it.runIf(hasSqlite())("import browser history without secrets in addresses, once", async () => {
    const to = await harness({ clock: systemClock });
    const folder = await temporaryFolder();
    await mkdir(join(folder, "home"));
    const file = join(folder, "places.sqlite");
    const at = Math.floor(Date.now() / 1_000 - 3_600) * 1_000_000;
    execFileSync("sqlite3", [
      file,
      `CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT, title TEXT);
       CREATE TABLE moz_historyvisits (place_id INTEGER, visit_date INTEGER);
       INSERT INTO moz_places VALUES (1, 'https://u:p@example.org/page?token=secret#x', 'Page'), (2, 'file:///etc/passwd', ''), (3, 'https://my.bank.example/', 'Bank');
       INSERT INTO moz_historyvisits VALUES (1, ${at}), (2, ${at}), (3, ${at});`,
    ]);
    const env = {
      PATH: process.env["PATH"],
      HOME: join(folder, "home"),
      CAPTURE_KEY: KEY,
      CAPTURE_URL: `${to.url}/api/v1/ingest`,
      HISTORY_BLOCKLIST: "bank.example",
    };
    for (let times = 0; times < 2; times++)
      await run(process.execPath, [client("browser-history/import.mjs"), file], { env });
    const entries = await vaultEntries(to.vault);
    expect(entries.map((entry) => entry.fields)).toEqual([
      [
        ["url", "https://example.org/page"],
        ["domain", "example.org"],
      ],
    ]);
  });
});

function hasSqlite(): boolean {
  try {
    execFileSync("sqlite3", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
