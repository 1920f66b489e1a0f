import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { type ParsedEntry, parseVaultFile } from "../../../../extensions/capture-ingest/render/parse.ts";
import { KEY, workerFile } from "../support.ts";

/** Builds the child's program into a folder and returns its file. */
export async function buildServer(folder: string): Promise<string> {
  const outfile = join(folder, "server.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./server.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    outfile,
    external: ["better-sqlite3"],
    logLevel: "silent",
  });
  return outfile;
}

export interface Child {
  url: string;
  process: ChildProcess;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
}

export async function startServer(program: string, environment: Record<string, string>): Promise<Child> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, CAPTURE_KEY: KEY, CAPTURE_WORKER: workerFile, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let errors = "";
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once("data", (chunk) => resolve(String(chunk).trim()));
    child.once("exit", (code, signal) =>
      reject(new Error(`the server ended (${code ?? signal}): ${errors}`)),
    );
  });
  return { url: `http://127.0.0.1:${port}`, process: child, ended };
}

/** Posts until it is answered with 200; `undefined` when the server died. */
export async function post(
  url: string,
  body: object,
): Promise<{ status: number; body: unknown } | undefined> {
  try {
    const response = await fetch(`${url}/api/v1/ingest`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": KEY },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}

/** Every entry of a vault. */
export async function vaultEntries(vault: string): Promise<ParsedEntry[]> {
  const entries: ParsedEntry[] = [];
  for (const folder of await readdir(vault).catch(() => [] as string[]))
    for (const file of await readdir(join(vault, folder)))
      entries.push(...parseVaultFile(await readFile(join(vault, folder, file), "utf8")));
  return entries;
}
