import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readInventory } from "../../scripts/support/sdk-inventory.mjs";
import { missingName } from "../../src/plugin-sdk/missing/missing-name.ts";
import { importNatively, sdkFolder } from "../plugins/support/plugin-bench.ts";

type Loose = {
  (...args: unknown[]): unknown;
  new (...args: unknown[]): object;
  property: unknown;
};

describe("an SDK name this host does not provide", () => {
  const name = missingName("some-area", "doThings") as Loose;

  it("[F001] does no harm to who only imports, compares, spreads or extends it", async () => {
    expect(typeof name).toBe("function");
    expect(name === missingName("some-area", "doThings")).toBe(false);
    expect({ ...(name as object) }).toEqual({});
    expect(Object.keys(name)).toEqual([]);
    expect("property" in name).toBe(false);
    expect(`${String(name)}`).toBe("[missing some-area#doThings]");
    expect(await (async () => name)()).toBe(name);
    class Extended extends name {}
    expect(Extended.name).toBe("Extended");
    expect({} instanceof name).toBe(false);
  });

  it.each<[string, () => unknown]>([
    ["called", () => name("x")],
    ["constructed", () => new name()],
    ["subclassed and constructed", () => new (class extends name {})()],
    ["read", () => name.property],
    ["iterated", () => [...(name as unknown as Iterable<unknown>)]],
    ["written", () => ((name as { property: unknown }).property = 1)],
  ])("[F001] says what is missing when it is %s", (_use, use) => {
    expect(use).toThrowError(
      expect.objectContaining({
        code: "SDK_NAME_MISSING",
        message: expect.stringContaining('"doThings" of "openclaw/plugin-sdk/some-area"'),
        details: { subpath: "some-area", name: "doThings", specifier: "openclaw/plugin-sdk/some-area" },
      }),
    );
  });
});

describe("the built SDK", () => {
  let inventory: Record<string, Record<string, number>>;
  let missing: Record<string, string[]>;
  beforeAll(async () => {
    inventory = await readInventory();
    missing = JSON.parse(await readFile(join(sdkFolder, "missing-names.json"), "utf8"));
  });

  it("[F001] has every inventoried subpath, and every inventoried name links", async () => {
    const unlinked: string[] = [];
    for (const [subpath, names] of Object.entries(inventory)) {
      const url = pathToFileURL(join(sdkFolder, `${subpath}.js`)).href;
      const module = (await importNatively(url)) as Record<string, unknown>;
      for (const name of Object.keys(names)) {
        if (name !== "default" && !(name in module)) unlinked.push(`${subpath}#${name}`);
      }
    }
    expect(unlinked).toEqual([]);
  });

  it("[F001] lists its missing names truthfully", async () => {
    for (const [subpath, names] of Object.entries(missing)) {
      const url = pathToFileURL(join(sdkFolder, `${subpath}.js`)).href;
      const module = (await importNatively(url)) as Record<string, unknown>;
      for (const name of names) expect(String(module[name])).toBe(`[missing ${subpath}#${name}]`);
    }
  });

  it("[F001] keeps a record of how much of what plugins really use it provides", () => {
    const uses = Object.entries(inventory).flatMap(([subpath, names]) =>
      Object.entries(names).map(([name, count]) => ({ count, here: !missing[subpath]?.includes(name) })),
    );
    const sum = (some: typeof uses) => some.reduce((total, { count }) => total + count, 0);
    const share = sum(uses.filter(({ here }) => here)) / sum(uses);
    expect(share).toBeGreaterThan(0.7);
  });
});
