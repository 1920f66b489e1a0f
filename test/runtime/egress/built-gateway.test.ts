import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, it } from "vitest";

it("the built gateway has undici in a file of its own, read by the first request that needs it", async () => {
  const gateway = await readFile(resolve(import.meta.dirname, "../../../dist/gateway.cjs"), "latin1");
  const places = [...gateway.matchAll(/require\("\.\/undici\.cjs"\)/g)];
  expect(places).toHaveLength(1);
  const before = gateway.slice((places[0]?.index ?? 0) - 200, places[0]?.index);
  // esbuild's wrapper of a module whose code waits for its first `import()`.
  expect(before).toMatch(/__esm\(\{"src\/runtime\/egress\/undici-library\.ts"\(\)\{[^}]*$/);
});
