import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import {
  buildPlugin,
  createPlugin,
  linkTypes,
  SHAPES,
  testPlugin,
} from "../../../src/plugins/authoring/index.ts";
import { shapeNamed } from "../../../src/plugins/authoring/shapes.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { importNatively, sdkFolder } from "../support/plugin-bench.ts";

const check = async (folder: string) =>
  testPlugin({
    folder,
    stateDir: await temporaryFolder(),
    sdkFolder,
    clock: systemClock,
    importModule: importNatively,
  });

describe("creating a plugin", () => {
  // Every shape once, every language with some: a TypeScript load takes its time.
  it.each(
    SHAPES.map(
      ({ shape }, index) => ({ shape, language: index % 3 === 0 ? "typescript" : "javascript" }) as const,
    ),
  )(
    "writes a %j plugin that passes every contract check, its own test included",
    async ({ shape, language }) => {
      const folder = join(await temporaryFolder("sluice-create-"), "my-plugin");
      const made = await createPlugin({ folder, shape, language });
      expect(made).toMatchObject({ id: "my-plugin", shape });
      const report = await check(folder);
      expect(report.checks.filter(({ outcome }) => outcome !== "passed")).toEqual(
        ["hook", "memory"].includes(shape)
          ? [expect.objectContaining({ name: "taken names", outcome: "skipped" })]
          : [],
      );
      const expected = shapeNamed(shape)?.contributes({ id: "my-plugin", word: "my_plugin", type: () => "" });
      for (const [kind, keys] of Object.entries(expected ?? {})) {
        if (kind === "typedHook") expect(report.contributions[kind]).toHaveLength(keys.length);
        else expect(report.contributions[kind]).toEqual(keys);
      }
    },
  );

  it("[F261] lets an editor find the types of what it wrote, with no package of the host's name", async () => {
    const folder = join(await temporaryFolder("sluice-create-"), "my-plugin");
    const made = await createPlugin({ folder, shape: "tool", language: "typescript" });
    const { extends: link } = JSON.parse(await readFile(join(folder, "tsconfig.json"), "utf8"));
    const { compilerOptions } = JSON.parse(await readFile(join(folder, link), "utf8"));
    const [declarations] = compilerOptions.paths["openclaw/plugin-sdk/*"] as [string];
    expect(compilerOptions.paths["sluice/plugin-sdk/*"]).toEqual([declarations]);
    expect(declarations).toMatch(/dist.types.src.plugin-sdk.\*\.d\.ts$/);
    expect(made.types).toBe(existsSync(dirname(declarations)));
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toContain(".sluice/");
    await expect(linkTypes(join(folder, "nowhere"))).rejects.toMatchObject({ code: "FOLDER_UNKNOWN" });
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
    // Moved to another machine, the file is made again.
    await rm(join(folder, ".sluice"), { recursive: true });
    expect((await linkTypes(folder)).file).toBe(join(folder, link));
    expect(await readFile(join(folder, link), "utf8")).toContain(declarations);
  });

  it("[F261] writes a list of tools whose manifest is what build would write", async () => {
    const folder = join(await temporaryFolder("sluice-create-"), "sums");
    await createPlugin({ folder, shape: "tools", language: "javascript" });
    const building = { folder, sdkFolder, importModule: importNatively };
    expect((await buildPlugin({ ...building, check: true })).written).toEqual([]);
    const manifest = join(folder, "openclaw.plugin.json");
    await writeFile(manifest, (await readFile(manifest, "utf8")).replace("sums_count", "sums_words"));
    await expect(buildPlugin({ ...building, check: true })).rejects.toMatchObject({ code: "MANIFEST_STALE" });
    expect((await buildPlugin(building)).written).toEqual(["openclaw.plugin.json"]);
  });

  it("writes nothing over, and refuses ids and shapes that cannot be", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "mine.txt"), "mine");
    const make = (more: object) =>
      createPlugin({
        folder: join(folder, "new"),
        shape: "tool",
        language: "javascript",
        id: "fine",
        ...more,
      });
    await expect(make({ folder })).rejects.toMatchObject({ code: "FOLDER_NOT_EMPTY" });
    for (const id of ["", "Big", "two words", "../up", "-x", "x-", "9lives", "a".repeat(65)]) {
      await expect(make({ id }), id).rejects.toMatchObject({ code: "PLUGIN_ID_INVALID" });
    }
    await expect(make({ shape: "teapot" })).rejects.toMatchObject({
      code: "SHAPE_UNKNOWN",
      message: expect.stringContaining("tool, hook"),
    });
    expect(await readFile(join(folder, "mine.txt"), "utf8")).toBe("mine");
  });
});
