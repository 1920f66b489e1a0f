import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { formatCliCommand, VERSION } from "../../src/plugin-sdk/cli-runtime.ts";
import {
  acquireFileLock,
  FILE_LOCK_STALE_ERROR_CODE,
  FILE_LOCK_TIMEOUT_ERROR_CODE,
} from "../../src/plugin-sdk/file-lock.ts";
import { normalizeHostname } from "../../src/plugin-sdk/host-runtime.ts";
import { loadJsonFile, saveJsonFile, writeJsonFileAtomically } from "../../src/plugin-sdk/json-store.ts";
import {
  isPidAlive,
  killProcessTree,
  resolveRuntimeWorkerArgv,
  resolveRuntimeWorkerUrl,
  runCommandBuffered,
  runCommandWithTimeout,
  runExec,
  splitCommandArgs,
  WorkerTaskPool,
} from "../../src/plugin-sdk/process-runtime.ts";
import { fetchDeepSeekUsage } from "../../src/plugin-sdk/provider-usage.ts";
import { runPluginCommandWithTimeout } from "../../src/plugin-sdk/run-command.ts";
import { waitForTransportReady } from "../../src/plugin-sdk/transport-ready-runtime.ts";
import {
  assertWidgetHtmlSize,
  isCompleteHtmlDocument,
  WIDGET_CDN_ORIGINS,
  WidgetHtmlInputError,
} from "../../src/plugin-sdk/widget-html.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const node = process.execPath;
const repository = fileURLToPath(new URL("../..", import.meta.url));

describe("programs that a plugin runs", () => {
  it("give their code and what they said, and a reason when they cannot be started", async () => {
    const argv = [node, "-e", "console.log(process.env.NAME); console.error('oops'); process.exit(3)"];
    expect(await runPluginCommandWithTimeout({ argv, timeoutMs: 5_000, env: { NAME: "ada" } })).toEqual({
      code: 3,
      stdout: "ada\n",
      stderr: "oops\n",
    });
    const missing = await runPluginCommandWithTimeout({ argv: ["no-such-program-here"], timeoutMs: 5_000 });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("no-such-program-here") });
    expect(await runPluginCommandWithTimeout({ argv: [], timeoutMs: 1 })).toMatchObject({ code: 1 });
    await expect(runExec(node, ["-e", "process.exit(2)"])).rejects.toMatchObject({ code: 2 });
    expect((await runExec(node, ["-p", "1+1"])).stdout.trim()).toBe("2");
  });

  it("have the end of what they said kept when that is asked for", async () => {
    const script = "process.stdout.write('a'.repeat(5000) + 'END')";
    const options = { maxOutputBytes: 10, outputCapture: "tail", timeoutMs: 5_000 };
    expect(await runCommandWithTimeout([node, "-e", script], options)).toMatchObject({
      stdout: "aaaaaaaEND",
      stdoutTruncatedBytes: 4_993,
    });
  });

  it("are ended when they say too much, and give bytes", async () => {
    const endless = "setInterval(() => process.stdout.write(Buffer.alloc(4096, 255)), 1)";
    const flood = await runCommandBuffered([node, "-e", endless], {
      maxCombinedOutputBytes: 100,
      timeoutMs: 9_000,
    });
    expect(flood).toMatchObject({ outputLimitExceeded: true, termination: "signal" });
    expect(flood.stdout).toEqual(Buffer.alloc(100, 255));
    expect(await runCommandBuffered(["no-such-program-here"])).toMatchObject({
      termination: "error",
      code: null,
    });
  });

  it.skipIf(process.platform === "win32")("are ended with what they started", async () => {
    const script = `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]); console.log(c.pid); setInterval(() => {}, 1000)`;
    const result = await runCommandWithTimeout([node, "-e", script], {
      timeoutMs: 1_000,
      killProcessTree: true,
      killSignal: "SIGKILL",
    });
    const child = Number(result.stdout);
    expect(child).toBeGreaterThan(1);
    await expect.poll(() => isRunning(child)).toBe(false);
    expect(result.termination).toBe("timeout");
    killProcessTree(child);
    expect(isPidAlive(process.pid)).toBe(true);
    expect(isPidAlive(-1)).toBe(false);
  });

  it("are told their arguments as a shell would split them", () => {
    expect(splitCommandArgs(`run "two words" 'it''s' a\\ b "q\\"q" ""`)).toEqual([
      "run",
      "two words",
      "its",
      "a b",
      'q"q',
      "",
    ]);
    expect(() => splitCommandArgs('"open')).toThrow(/unclosed/);
    expect(splitCommandArgs('"open', { allowUnclosedQuotes: true })).toEqual(["open"]);
  });
});

describe("worker threads of a plugin", () => {
  const worker = async () => {
    const folder = await temporaryFolder();
    const sdk = pathToFileURL(join(repository, "dist/plugin-sdk/process-runtime.js")).href;
    await mkdir(join(folder, "dist", "work"), { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "@acme/plugin", type: "module" }));
    await writeFile(
      join(folder, "dist", "work", "adder.js"),
      `import { serveWorkerTasks } from ${JSON.stringify(sdk)};
       serveWorkerTasks(async ({ a, b, hang, exit }) => {
         if (hang) await new Promise(() => setInterval(() => {}, 1000));
         if (exit) process.exit(7);
         if (a === undefined) throw new RangeError("a is missing");
         return a + b;
       });`,
    );
    return resolveRuntimeWorkerUrl({
      currentModuleUrl: pathToFileURL(join(folder, "dist", "index.js")).href,
      sourceWorkerName: "adder",
      distWorkerPath: "extensions/acme/adder.js",
      package: { name: "@acme/plugin", distWorkerPath: "work/adder.js" },
    });
  };

  it("are found in the plugin's package, and do one task after the other", async () => {
    const workerUrl = await worker();
    expect(resolveRuntimeWorkerArgv(workerUrl)).toEqual([fileURLToPath(workerUrl)]);
    const pool = new WorkerTaskPool<object, number>({ workerUrl });
    const sums = [1, 2, 3].map((a) => pool.run({ a, b: 1 }));
    expect(await Promise.all(sums)).toEqual([2, 3, 4]);
    await expect(pool.run({ b: 1 })).rejects.toMatchObject({ code: "failed", message: "a is missing" });
    await expect(pool.run({ hang: true }, { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
    await expect(pool.run({ exit: true })).rejects.toMatchObject({ code: "crashed" });
    expect(await pool.run({ a: 1, b: 1 })).toBe(2);
    const abort = new AbortController();
    const given = pool.run({ hang: true }, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    await pool.close();
    await expect(pool.run({ a: 1, b: 1 })).rejects.toMatchObject({ code: "closed" });
  });

  it("say where they were looked for when they are missing", () => {
    const missing = {
      currentModuleUrl: import.meta.url,
      sourceWorkerName: "nowhere",
      distWorkerPath: "x.js",
    };
    expect(() => resolveRuntimeWorkerUrl(missing)).toThrow(/nowhere was not found; looked for .*x\.js/);
  });
});

describe("small files", () => {
  it("hold JSON, written in one step and for their owner only", async () => {
    const file = join(await temporaryFolder(), "deep", "state.json");
    expect(loadJsonFile(file)).toBeUndefined();
    await writeJsonFileAtomically(file, { a: 1 });
    expect(loadJsonFile(file)).toEqual({ a: 1 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    saveJsonFile(file, [1]);
    expect(await readFile(file, "utf8")).toBe("[\n  1\n]\n");
    await writeFile(file, "{");
    expect(loadJsonFile(file)).toBeUndefined();
    await expect(writeJsonFileAtomically(file, 1n)).rejects.toThrow();
    expect(await readFile(file, "utf8")).toBe("{");
  });

  it("are locked against others; a lock left behind is taken over or reported", async () => {
    const file = join(await temporaryFolder(), "state.json");
    const retries = { retries: 0, factor: 1, minTimeout: 1, maxTimeout: 1 };
    const held = await acquireFileLock(file, { retries, stale: 60_000 });
    await expect(acquireFileLock(file, { retries, stale: 60_000 })).rejects.toMatchObject({
      code: FILE_LOCK_TIMEOUT_ERROR_CODE,
    });
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(held.lockPath, longAgo, longAgo);
    await expect(
      acquireFileLock(file, { retries, stale: 60_000, staleRecovery: "fail-closed" }),
    ).rejects.toMatchObject({
      code: FILE_LOCK_STALE_ERROR_CODE,
    });
    const taken = await acquireFileLock(file, {
      retries,
      stale: 60_000,
      staleRecovery: "remove-if-unchanged",
    });
    await taken.release();
    await rm(held.lockPath, { force: true });
  });
});

describe("waiting for a transport", () => {
  it("ends when it is ready, when its time is up, or when nobody waits any more", async () => {
    const lines: string[] = [];
    const runtime = { error: (line: string) => void lines.push(line) };
    let asked = 0;
    const check = async () => ({ ok: ++asked === 3, error: "starting" });
    await waitForTransportReady({ label: "daemon", timeoutMs: 5_000, pollIntervalMs: 1, check, runtime });
    expect(asked).toBe(3);
    expect(lines[0]).toMatch(/^daemon not ready after \d+ms \(starting\)$/);
    const never = async () => ({ ok: false, error: "refused" });
    await expect(
      waitForTransportReady({ label: "daemon", timeoutMs: 5, pollIntervalMs: 1, check: never, runtime }),
    ).rejects.toThrow("daemon not ready after 5ms (refused)");
    const abortSignal = AbortSignal.abort();
    await waitForTransportReady({ label: "daemon", timeoutMs: 5, check: never, runtime, abortSignal });
  });
});

describe("facts and names", () => {
  it("are the host's own", async () => {
    const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as {
      version: string;
    };
    expect(VERSION).toBe(version);
    expect(formatCliCommand("openclaw channels login")).toBe("sluice channels login");
    expect(["EXAMPLE.org.", "[::1]", " a.b "].map(normalizeHostname)).toEqual(["example.org", "::1", "a.b"]);
  });

  it("of widget pages keep them small and their sources known", () => {
    expect(WIDGET_CDN_ORIGINS.every((origin) => new URL(origin).origin === origin)).toBe(true);
    expect(["<!-- x --><!DOCTYPE html><p>", "<html lang=en>", "<p>"].map(isCompleteHtmlDocument)).toEqual([
      true,
      true,
      false,
    ]);
    expect(() => assertWidgetHtmlSize("é".repeat(6), 12)).not.toThrow();
    expect(() => assertWidgetHtmlSize("é".repeat(6), 11)).toThrow(WidgetHtmlInputError);
  });

  it("of a prepaid model account are its balances", async () => {
    const asked: unknown[] = [];
    const answer = (status: number, body: unknown) =>
      (async (url: string, init: RequestInit) => {
        asked.push([url, new Headers(init.headers).get("authorization")]);
        return Response.json(body, { status });
      }) as unknown as typeof fetch;
    const balance_infos = [
      { currency: "USD", total_balance: "12.5", granted_balance: "2.50", topped_up_balance: "10" },
      { currency: "CNY", total_balance: 0, granted_balance: null },
      { currency: "EUR", total_balance: "many" },
    ];
    expect(
      await fetchDeepSeekUsage("key", 1_000, answer(200, { is_available: true, balance_infos })),
    ).toEqual({
      provider: "deepseek",
      displayName: "DeepSeek",
      windows: [],
      summary: "Balance $12.50 · Granted $2.50 · Topped up $10.00 · Balance ¥0.00",
    });
    expect(asked).toEqual([["https://api.deepseek.com/user/balance", "Bearer key"]]);
    expect(await fetchDeepSeekUsage("key", 1_000, answer(401, {}))).toMatchObject({ error: "HTTP 401" });
    expect(await fetchDeepSeekUsage("key", 1_000, answer(200, []))).toMatchObject({
      error: "No balance data",
    });
  });
});

/** A killed child may stay a zombie until somebody asks for its end; that counts as ended. */
async function isRunning(pid: number): Promise<boolean> {
  if (!isPidAlive(pid)) return false;
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text !== "" && !/\) Z /.test(text);
}
