import { createHash } from "node:crypto";
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import {
  MAX_TRANSFORM_CACHE_BYTES,
  MAX_TRANSFORM_ENTRY_BYTES,
  TransformCache,
} from "../../src/plugins/loading/transform-cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { pluginBench } from "./support/plugin-bench.ts";

const DIGEST_LENGTH = 64;
const entryOf = (code: string) => createHash("sha256").update(code).digest("hex") + code;

async function cacheBench(maxBytes?: number) {
  const root = await temporaryFolder("sluice-transforms-");
  const folder = join(root, "cache");
  const clock = new ManualClock();
  let compiled = 0;
  /** A process that starts: a cache that knows nothing yet. */
  const begin = (compiler = "compiler 1") => {
    const cache = new TransformCache({ folder, clock, ...(maxBytes === undefined ? {} : { maxBytes }) });
    const transform = cache.around(compiler, ({ source }) => {
      compiled++;
      return { code: `compiled ${source}` };
    });
    return { cache, run: (source: string, filename = "/a.ts") => transform({ source, filename }).code };
  };
  const entries = async () => (await readdir(folder)).map((name) => join(folder, name));
  return { root, folder, clock, begin, entries, compiled: () => compiled };
}

describe("what TypeScript of plugins was transformed to", () => {
  it("is kept for the next start, for the same file, source and compiler only", async () => {
    const { begin, compiled } = await cacheBench();
    expect(begin().run("one")).toBe("compiled one");
    expect(begin().run("one")).toBe("compiled one");
    expect(compiled()).toBe(1);
    expect(begin().run("two")).toBe("compiled two");
    begin("compiler 2").run("one");
    begin().run("one", "/b.ts");
    expect(compiled()).toBe(4);
  });

  it.each<[string, (file: string) => Promise<unknown>]>([
    ["is cut short", async (file) => writeFile(file, (await readFile(file)).subarray(0, -1))],
    ["is empty", (file) => writeFile(file, "")],
    ["was changed", async (file) => writeFile(file, `${await readFile(file, "utf8")};evil()`)],
    ["is no file", async (file) => rm(file).then(() => mkdir(file))],
    ["is gone", (file) => rm(file)],
    ["grew beyond measure", (file) => writeFile(file, Buffer.alloc(MAX_TRANSFORM_ENTRY_BYTES + 1))],
  ])("is made anew when its entry %s", async (_what, damage) => {
    const { begin, entries, compiled } = await cacheBench();
    begin().run("one");
    await damage((await entries())[0] as string);
    expect(begin().run("one")).toBe("compiled one");
    expect(compiled()).toBe(2);
  });

  it("is kept up to a size, and never when it could not be transformed", async () => {
    const { folder, begin, entries, compiled } = await cacheBench();
    const most = MAX_TRANSFORM_ENTRY_BYTES - DIGEST_LENGTH - "compiled ".length;
    for (const length of [most, most + 1])
      for (let start = 0; start < 2; start++) begin().run("x".repeat(length));
    expect(compiled()).toBe(3);
    expect(await entries()).toHaveLength(1);
    const failing = new TransformCache({ folder, clock: new ManualClock() });
    failing.around("c", () => ({ code: "exports.__JITI_ERROR__ = 1" }))({ source: "{" });
    failing.around("c", () => ({ code: "", error: new Error("no") }))({ source: "[" });
    expect(await entries()).toHaveLength(1);
  });

  it("belongs to its owner alone", async () => {
    const { folder, begin, entries } = await cacheBench();
    await mkdir(folder);
    await chmod(folder, 0o777);
    begin().run("one");
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat((await entries())[0] as string)).mode & 0o777).toBe(0o600);
  });

  it.each<[string, (folder: string) => Promise<unknown>]>([
    ["is a file", (folder) => writeFile(folder, "mine")],
    [
      "leads elsewhere",
      async (folder) => mkdir(`${folder}-real`).then(() => symlink(`${folder}-real`, folder)),
    ],
    [
      "cannot be made",
      async (folder) =>
        rm(join(folder, ".."), { recursive: true }).then(() => writeFile(join(folder, ".."), "")),
    ],
  ])("is not kept where the folder %s, which costs only time", async (_what, spoil) => {
    const { folder, begin, compiled } = await cacheBench();
    await spoil(folder);
    for (let start = 0; start < 2; start++) {
      const { cache, run } = begin();
      expect(run("one")).toBe("compiled one");
      await cache.tidy();
    }
    expect(compiled()).toBe(2);
  });

  it("does not follow a link that lies where an entry belongs", async () => {
    const { root, begin, entries } = await cacheBench();
    begin().run("one");
    const [file] = (await entries()) as [string];
    const precious = join(root, "precious");
    await writeFile(precious, "precious");
    await rm(file);
    await symlink(precious, file);
    expect(begin().run("one")).toBe("compiled one");
    expect(await readFile(precious, "utf8")).toBe("precious");
    expect(await readlink(file)).toBe(precious);
  });
});

describe("the bound of what is kept", () => {
  it("lets go of what was not used for longest, and of nothing that is not its own", async () => {
    const size = DIGEST_LENGTH + "compiled 0".length;
    const { root, folder, clock, begin, entries } = await cacheBench(2 * size);
    const files: string[] = [];
    for (const source of ["0", "1", "2"]) {
      begin().run(source);
      const found = await entries();
      files.push(found.find((file) => !files.includes(file)) as string);
    }
    const old = new Date(clock.now() - 10 * 86_400_000);
    const older = new Date(clock.now() - 20 * 86_400_000);
    await utimes(files[0] as string, older, older);
    await utimes(files[1] as string, old, old);
    await utimes(files[2] as string, old, old);
    await writeFile(join(folder, "notes.txt"), "x".repeat(1_000));
    await mkdir(join(folder, "0".repeat(64)));
    await writeFile(join(root, "precious"), "p".repeat(1_000));
    await symlink(join(root, "precious"), join(folder, `${"f".repeat(64)}.js`));
    // Used, so it is no longer the oldest.
    const { cache, run } = begin();
    run("0");
    await utimes(files[1] as string, older, older);
    await cache.tidy();
    const left = await entries();
    expect(left).toHaveLength(5);
    expect(left).not.toContain(files[1]);
    expect(await readFile(join(root, "precious"), "utf8")).toHaveLength(1_000);
    // What fits exactly stays.
    const next = begin();
    next.run("0");
    await next.cache.tidy();
    expect(await entries()).toHaveLength(5);
    // Nobody looks again while nothing is added.
    await writeFile(join(folder, `${"e".repeat(64)}.js`), "x".repeat(10_000));
    await cache.tidy();
    expect(await entries()).toHaveLength(6);
  });

  it("is a size that many packages fit into", () => {
    expect(MAX_TRANSFORM_CACHE_BYTES).toBeGreaterThan(100 * 432_000);
  });
});

describe("a plugin in TypeScript", () => {
  const source = (name: string) =>
    `import { word } from "./word"; const name: string = "${name}-" + word;
     export default { id: "typed", register(api: any) { api.registerCommand({ name, description: "d", handler() {} }); } };`;

  async function typedBench() {
    const bench = await pluginBench();
    const folder = await bench.write("global", "typed", {
      package: { name: "typed", version: "1.0.0", openclaw: { extensions: ["./index.ts"] } },
      files: { "index.ts": source("one"), "word.ts": `export const word: string = "old";` },
    });
    const cache = join(bench.root, "state/cache/typescript");
    const commands = (host = bench.host) =>
      host.registry
        .current()
        .list("command")
        .map(({ key }) => key);
    const restarted = async () => {
      const host = bench.fresh();
      await host.start();
      return commands(host);
    };
    return { ...bench, folder, cache, commands, restarted };
  }

  it("[F161] is not transformed again at the next start", async () => {
    const { host, cache, commands, restarted } = await typedBench();
    await host.start();
    expect(commands()).toEqual(["one-old"]);
    const names = await readdir(cache);
    expect(names).toHaveLength(2);
    // Only what is kept knows this word.
    for (const name of names) {
      const code = (await readFile(join(cache, name), "utf8")).slice(DIGEST_LENGTH);
      await writeFile(join(cache, name), entryOf(code.replace('"old"', '"kept"')));
    }
    expect(await restarted()).toEqual(["one-kept"]);
  });

  it("[F161] is read anew when any of its files changed: at a reload and at a start", async () => {
    const { host, folder, commands, restarted } = await typedBench();
    await host.start();
    await writeFile(join(folder, "word.ts"), `export const word: string = "changed";`);
    await host.reload("typed");
    expect(commands()).toEqual(["one-changed"]);
    await writeFile(join(folder, "index.ts"), source("two"));
    expect(await restarted()).toEqual(["two-changed"]);
    await writeFile(join(folder, "word.ts"), `export const word: string = "old";`);
    await host.reload("typed");
    expect(commands()).toEqual(["two-old"]);
  });

  it("[F161] loads whatever became of what was kept", async () => {
    const { host, cache, restarted } = await typedBench();
    await host.start();
    for (const name of await readdir(cache)) await writeFile(join(cache, name), "}{ no code at all");
    expect(await restarted()).toEqual(["one-old"]);
    await rm(cache, { recursive: true });
    await writeFile(cache, "");
    expect(await restarted()).toEqual(["one-old"]);
  });
});
