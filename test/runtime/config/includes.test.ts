import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { configFixture } from "./support.ts";

const REASON = { reason: "test" };

describe("included files", () => {
  it("replace their object, merge left to right, and yield to keys beside them", async () => {
    const { config } = await configFixture({
      "sluice.json": "{ agents: { $include: ['a.json5', 'sub/b.json5'], defaults: { workspace: 'mine' } } }",
      "a.json5": "{ defaults: { workspace: 'a', maxConcurrent: 1 }, entries: { x: {} } }",
      "sub/b.json5": "{ defaults: { $include: './c.json5' } }",
      "sub/c.json5": "{ maxConcurrent: 3 }",
    });
    expect(config.current().config.agents).toEqual({
      defaults: { workspace: "mine", maxConcurrent: 3 },
      entries: { x: {} },
    });
    expect(config.current().includedPaths).toHaveLength(3);
  });

  it("take part in the hash and are watched", async () => {
    const { config, write } = await configFixture({
      "sluice.json": "{ agents: { $include: 'a.json5' } }",
      "a.json5": "{ defaults: { workspace: 'one' } }",
    });
    const before = config.current();
    await write("{ defaults: { workspace: 'two' } }", "a.json5");
    const after = await config.refresh();
    expect(after.hash).not.toBe(before.hash);
    expect(after.config.agents).toEqual({ defaults: { workspace: "two" } });
  });

  it("are refused outside the folder, through links, in circles and nested too deep", async () => {
    const outside = await temporaryFolder();
    await writeFile(join(outside, "x.json5"), "{}");
    const { config, write, folder } = await configFixture();
    await symlink(join(outside, "x.json5"), join(folder, "link.json5"));
    await mkdir(join(folder, "d"), { recursive: true });
    const cases: [string, RegExp][] = [
      [`{ a: { $include: '${join(outside, "x.json5")}' } }`, /outside/],
      ["{ a: { $include: '../../../etc/hostname' } }", /outside|can not be read/],
      ["{ a: { $include: 'link.json5' } }", /outside/],
      ["{ a: { $include: 'sluice.json' } }", /includes itself/],
      ["{ a: { $include: 5 } }", /must name a file/],
    ];
    for (const [text, message] of cases) {
      await write(text);
      const { problems, origin } = await config.refresh();
      expect(problems[0]?.message, text).toMatch(message);
      expect(origin).toBe("defaults");
    }
    for (let level = 0; level < 12; level++)
      await write(`{ n: { $include: 'n${level + 1}.json5' } }`, `n${level}.json5`);
    await write("{ a: { $include: 'n0.json5' } }");
    expect((await config.refresh()).problems[0]?.message).toMatch(/nested includes/);
  });

  it("may come from a folder that was named", async () => {
    const shared = await temporaryFolder();
    await writeFile(join(shared, "x.json5"), "{ defaults: { workspace: 'shared' } }");
    const { config } = await configFixture(
      { "sluice.json": `{ agents: { $include: '${join(shared, "x.json5")}' } }` },
      { includeRoots: [shared] },
    );
    expect(config.current().config.agents).toEqual({ defaults: { workspace: "shared" } });
  });

  it("receive a change that lies in one of them alone", async () => {
    const root = "{ agents: { $include: 'a.json5' } } // root";
    const { config, folder, path } = await configFixture({
      "sluice.json": root,
      "a.json5": "{ /* keep */ defaults: { workspace: 'one' } }",
    });
    await config.mutate((draft) => {
      (draft["agents"] as { defaults: { workspace: string } }).defaults.workspace = "two";
    }, REASON);
    expect(await readFile(path, "utf8")).toBe(root);
    expect(await readFile(join(folder, "a.json5"), "utf8")).toContain(
      "/* keep */ defaults: { workspace: 'two' }",
    );
  });

  it("are never flattened: mixed and ambiguous changes are refused", async () => {
    const { config } = await configFixture({
      "sluice.json": "{ agents: { $include: 'a.json5' }, models: { $include: ['a.json5', 'b.json5'] } }",
      "a.json5": "{ x: 1 }",
      "b.json5": "{ y: 1 }",
    });
    const attempts: ((draft: Record<string, unknown>) => void)[] = [
      (draft) => {
        (draft["agents"] as Record<string, unknown>)["x"] = 2;
        draft["messages"] = {};
      },
      (draft) => {
        (draft["models"] as Record<string, unknown>)["x"] = 2;
      },
      (draft) => {
        delete draft["agents"];
      },
    ];
    for (const attempt of attempts) {
      await expect(config.mutate(attempt, REASON)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });

  it("may be named by a change only when the file could be read back with them", async () => {
    const { config, path } = await configFixture({
      "sluice.json": "{ messages: {} }",
      "a.json5": "{ defaults: { workspace: 'one' } }",
      "wrong.json5": "{ defaults: { workspace: 5 } }",
    });
    const naming = (file: string) => (draft: Record<string, unknown>) => {
      draft["agents"] = { $include: file };
    };
    for (const [file, reason] of [
      ["./extensions/gone.json5", /this would break the file: .*can not be read/],
      ["../outside.json5", /this would break the file/],
      ["sluice.json", /this would break the file: .*includes itself/],
      ["wrong.json5", /agents\.defaults\.workspace/],
    ] as const) {
      await expect(config.mutate(naming(file), REASON)).rejects.toThrow(reason);
      expect(await readFile(path, "utf8")).toBe("{ messages: {} }");
    }
    const { hash } = await config.mutate(naming("a.json5"), REASON);
    expect(config.current()).toMatchObject({ hash, config: { agents: { defaults: { workspace: "one" } } } });
    await expect(config.refresh()).resolves.toMatchObject({ hash, problems: [] });
  });

  it("are not put into an included file", async () => {
    const { config } = await configFixture({
      "sluice.json": "{ agents: { $include: 'a.json5' } }",
      "a.json5": "{ defaults: { workspace: 'one' } }",
      "b.json5": "{ workspace: 'two' }",
    });
    const change = config.mutate((draft) => {
      (draft["agents"] as Record<string, unknown>)["defaults"] = { $include: "b.json5" };
    }, REASON);
    await expect(change).rejects.toThrow(/edit .*a\.json5 by hand/);
  });
});
