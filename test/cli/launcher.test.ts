import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
const BUILD_ID = "0123456789abcdef0123456789abcdef";

/** A package folder with the real launcher and a small bundle. */
async function packageWith(bundle: string, buildId = BUILD_ID): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "bin"));
  await mkdir(join(folder, "dist"));
  await cp(join(root, "bin/sluice.cjs"), join(folder, "bin/sluice.cjs"));
  await writeFile(join(folder, "package.json"), '{"version":"9.8.7"}');
  await writeFile(join(folder, "dist/cli.cjs"), `${bundle}\n//# build=${buildId}\n`);
  return folder;
}

async function launch(folder: string, args: string[] = ["x"], env: Record<string, string> = {}) {
  const { stdout } = await run(process.execPath, [join(folder, "bin/sluice.cjs"), ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...env },
  });
  return stdout;
}

const cacheOf = async (folder: string) => {
  const [name = ""] = (await readdir(join(folder, "dist/.code-cache"))).filter((file) =>
    file.startsWith("cli-"),
  );
  return join(folder, "dist/.code-cache", name);
};

const PRINT = "console.log('hello', process.argv[2], __dirname.endsWith('dist'), typeof module.exports);";

describe("the launcher", () => {
  it("runs the bundle and keeps its compiled code, readable by its owner only", async () => {
    const folder = await packageWith(PRINT);
    expect(await launch(folder)).toBe("hello x true object\n");
    const cache = await cacheOf(folder);
    expect((await stat(cache)).mode & 0o777).toBe(0o600);
    expect((await readFile(cache)).toString("latin1", 0, 32)).toBe(BUILD_ID);
    const written = (await stat(cache)).mtimeMs;
    expect(await launch(folder)).toBe("hello x true object\n");
    expect((await stat(cache)).mtimeMs).toBe(written);
  });

  it("imports modules from cached code", async () => {
    const folder = await packageWith(
      "var __import;__import||(__import=(id)=>import(id));__import('node:os').then((os) => console.log(typeof os.hostname));",
    );
    for (let time = 0; time < 3; time++) expect(await launch(folder)).toBe("function\n");
  });

  it("does not run old code after a build of the same length", async () => {
    const folder = await packageWith("console.log('one');");
    expect(await launch(folder)).toBe("one\n");
    await writeFile(join(folder, "dist/cli.cjs"), `console.log('two');\n//# build=${"f".repeat(32)}\n`);
    expect(await launch(folder)).toBe("two\n");
    expect(await launch(folder)).toBe("two\n");
  });

  it("renews a cache that is damaged", async () => {
    const folder = await packageWith(PRINT);
    await launch(folder);
    const cache = await cacheOf(folder);
    const good = await readFile(cache);
    await writeFile(cache, Buffer.concat([good.subarray(0, 32), Buffer.from("nonsense")]));
    expect(await launch(folder)).toContain("hello");
    expect((await readFile(cache)).length).toBeGreaterThan(100);
  });

  it("uses the user's cache folder when the program's can not be written", async () => {
    const folder = await packageWith(PRINT);
    const blocked = join(folder, "dist/.code-cache");
    // A file in its place is in the way of every user, root included.
    await writeFile(blocked, "");
    expect(await launch(folder)).toContain("hello");
    expect(await readdir(join(folder, ".cache/sluice"))).toHaveLength(1);
  });

  it("runs without any cache when none is safe or wanted", async () => {
    const folder = await packageWith(PRINT);
    await writeFile(join(folder, "dist/.code-cache"), "");
    await writeFile(join(folder, ".cache"), "");
    expect(await launch(folder)).toContain("hello");
    expect(await launch(await packageWith(PRINT, "none"))).toContain("hello");
    const plain = await packageWith(PRINT);
    expect(await launch(plain, ["x"], { SLUICE_NO_CODE_CACHE: "1" })).toContain("hello");
    expect(existsSync(join(plain, "dist/.code-cache"))).toBe(false);
  });

  it("knows its version without the bundle, and says how to build what is missing", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "bin"));
    await cp(join(root, "bin/sluice.cjs"), join(folder, "bin/sluice.cjs"));
    await chmod(join(folder, "bin/sluice.cjs"), 0o755);
    await writeFile(join(folder, "package.json"), '{"version":"9.8.7"}');
    expect(await launch(folder, ["--version"])).toBe("9.8.7\n");
    await expect(launch(folder, ["doctor"])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm run build"),
    });
  });
});

describe("a worker thread of the program", () => {
  it("loads its bundle through the launcher, from compiled code the second time", async () => {
    const folder = await packageWith(PRINT);
    await mkdir(join(folder, "dist/workers"));
    const entry = await readFile(join(root, "dist/workers/store.cjs"), "utf8");
    await writeFile(join(folder, "dist/workers/sample.cjs"), entry.replace("store.", "sample."));
    const post =
      "const { parentPort, workerData } = require('node:worker_threads');" +
      "parentPort.postMessage([workerData, __filename.endsWith('sample.bundle.cjs')]);";
    const bundle = join(folder, "dist/workers/sample.bundle.cjs");
    await writeFile(bundle, `${post}\n//# build=${BUILD_ID}\n`);
    const answer = async (given: string) => {
      const worker = new Worker(join(folder, "dist/workers/sample.cjs"), { workerData: given });
      const ended = once(worker, "exit");
      const [message] = await once(worker, "message");
      await ended;
      return message as unknown;
    };
    expect(await answer("first")).toEqual(["first", true]);
    const [cache = ""] = await readdir(join(folder, "dist/.code-cache"));
    expect(cache).toMatch(/^sample\.bundle-/);
    const written = (await stat(join(folder, "dist/.code-cache", cache))).mtimeMs;
    expect(await answer("second")).toEqual(["second", true]);
    expect((await stat(join(folder, "dist/.code-cache", cache))).mtimeMs).toBe(written);
    await rm(join(folder, "bin"), { recursive: true });
    expect(await answer("without a launcher")).toEqual(["without a launcher", true]);
  });
});

describe("the bundles that the launcher starts", () => {
  it.each(["gateway.cjs", "cli.cjs", "workers/store.bundle.cjs"])(
    "%s can be cached: ASCII, with a build id",
    async (name) => {
      const bundle = await readFile(join(root, "dist", name));
      expect(bundle.findIndex((byte) => byte > 127)).toBe(-1);
      expect(bundle.toString("latin1").slice(-64)).toMatch(/\/\/# build=[0-9a-f]{32}\n$/);
    },
  );

  it("keep command parsing out of the gateway", async () => {
    const bundle = await readFile(join(root, "dist/gateway.cjs"), "latin1");
    expect(bundle).not.toContain("CommanderError");
  });
});
