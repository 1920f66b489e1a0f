import { expect, it } from "vitest";
import { lineOf, readReport, readSurface } from "../../scripts/support/sdk-surface.mjs";

it("[F001] [F011] the SDK exports everything that docs/plugins/sdk-surface.txt promises", async () => {
  const now = new Set((await readSurface()).map(lineOf));
  const gone = (await readReport()).filter((line) => !now.has(line));
  // Taking an export away needs a major version; `npm run sdk:surface -- --write` adds new ones.
  expect(gone).toEqual([]);
});
