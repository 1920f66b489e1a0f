import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { WATCH_PERIOD_MS } from "../../../src/runtime/config/file-watch.ts";
import { configFixture } from "./support.ts";

describe("opening the configuration", () => {
  it("runs on defaults without a file and writes none", async () => {
    const { config, folder } = await configFixture();
    const snapshot = config.current();
    expect(snapshot).toMatchObject({ origin: "defaults", exists: false, config: {}, problems: [] });
    expect(snapshot.hash).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(await readdir(folder)).toEqual(["state"]);
  });

  it("reads JSON5 and leaves the file byte for byte as it is", async () => {
    const text = "// mine\n{ gateway: { port: 1_8 } }\n".replace("1_8", "18,");
    const { config, path, restart } = await configFixture({ "sluice.json": text });
    expect(config.current()).toMatchObject({
      origin: "file",
      revision: 1,
      config: { gateway: { port: 18 } },
    });
    expect((await restart()).current().revision).toBe(1);
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("[F195] hands out one deeply frozen snapshot until something changes", async () => {
    const { config } = await configFixture({ "sluice.json": "{ agents: { list: [{ id: 'a' }] } }" });
    const { config: current } = config.current();
    expect(config.current().config).toBe(current);
    expect(() => {
      (current.agents as { list: { id: string }[] }).list[0]!.id = "b";
    }).toThrow(TypeError);
    await config.refresh();
    expect(config.current().config).toBe(current);
  });

  it.each([
    ["text that is cut off", "{ gateway: { port: 5 "],
    ["a value of the wrong type", "{ gateway: { port: 'five' } }"],
    ["an array at the top", "[]"],
    ["a key that reaches the prototype", '{ "__proto__": { polluted: true } }'],
    ["a number that is not finite", "{ gateway: { port: Infinity } }"],
    ["an include that is missing", "{ agents: { $include: './gone.json5' } }"],
    ["nesting without end", `{ a: ${"[".repeat(100)}${"]".repeat(100)} }`],
  ])("starts on the newest good revision when the file holds %s", async (_name, broken) => {
    const fixture = await configFixture({ "sluice.json": "{ gateway: { port: 5 } }" });
    const good = fixture.config.current();
    await fixture.write(broken);
    const config = await fixture.restart();
    expect(config.current()).toMatchObject({
      origin: "revision",
      revision: good.revision,
      config: { gateway: { port: 5 } },
    });
    expect(config.current().problems.some((problem) => problem.severity === "error")).toBe(true);
    expect(fixture.log.some((line) => line.includes('"level":"error"'))).toBe(true);
    expect(await readFile(fixture.path, "utf8")).toBe(broken);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("starts on defaults when the file is broken and there never was a good one", async () => {
    const { config } = await configFixture({ "sluice.json": "{" });
    expect(config.current()).toMatchObject({ origin: "defaults", config: {}, exists: true });
    expect(config.current().problems).toHaveLength(1);
  });

  it("warns of unknown keys with the nearest known one and keeps them", async () => {
    const { config, restart } = await configFixture({ "sluice.json": "{ gatway: { port: 1 }, zzzzzz: 1 }" });
    const expected = [
      { path: "gatway", message: 'unknown key; did you mean "gateway"?', severity: "warning" },
      { path: "zzzzzz", message: "unknown key; it has no effect", severity: "warning" },
    ];
    expect(config.current().problems).toEqual(expected);
    expect(config.current().source["zzzzzz"]).toBe(1);
    // Not validated again, still reported.
    expect((await restart()).current().problems).toEqual(expected);
  });
});

describe("edits by hand", () => {
  it("are noticed, settle, and become a revision", async () => {
    const { config, clock, write } = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    const changed = new Promise<number | undefined>((resolve) => {
      config.onChange((snapshot, previous) => {
        expect(previous.config.gateway?.port).toBe(1);
        resolve(snapshot.config.gateway?.port);
      });
    });
    await write("{ gateway: { port: 22 } }");
    let port: number | undefined;
    void changed.then((value) => {
      port = value;
    });
    await vi.waitFor(
      async () => {
        await clock.advance(WATCH_PERIOD_MS);
        expect(port).toBe(22);
      },
      { timeout: 20_000, interval: 5 },
    );
    expect(config.current()).toMatchObject({ revision: 2, origin: "file" });
  });

  it("that break the file leave what runs, report it, and heal when the file does", async () => {
    const { config, write } = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    const running = config.current().config;
    await write("{ oops");
    const broken = await config.refresh();
    expect(broken.config).toBe(running);
    expect(broken).toMatchObject({ origin: "revision", revision: 1, text: "{ oops" });
    await write("{ gateway: { port: 3 } }");
    expect(await config.refresh()).toMatchObject({ origin: "file", revision: 2, problems: [] });
  });

  it("by deleting the file mean defaults", async () => {
    const fixture = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    const { rm } = await import("node:fs/promises");
    await rm(fixture.path);
    expect(await fixture.config.refresh()).toMatchObject({
      origin: "defaults",
      exists: false,
      config: {},
      revision: 2,
    });
  });
});
