import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspections, registryView } from "./support/registry-view.ts";
import { step, Voyage } from "./support/voyage.ts";

/** By hand: `SLUICE_EQUALITY_RUNS=500 npx vitest run test/plugins/equality.test.ts`. */
const RUNS = Number(process.env["SLUICE_EQUALITY_RUNS"] ?? 8);
const SEED = process.env["SLUICE_EQUALITY_SEED"];
const PATH = process.env["SLUICE_EQUALITY_PATH"];

describe("the registry after any history", () => {
  it(
    "[F260] equals that of a fresh start with the same files and configuration",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
          const voyage = await Voyage.begin();
          const fresh = voyage.bench.fresh();
          try {
            for (const one of steps) await voyage.take(one);
            await voyage.arrive();
            const services = voyage.running();
            await fresh.start();
            await fresh.startServices();
            expect(await registryView(voyage.host)).toEqual(await registryView(fresh));
            expect(await inspections(voyage.host)).toEqual(await inspections(fresh));
            const twice = Object.entries(services).map(([key, count]) => [key, count * 2]);
            expect(voyage.running()).toEqual(Object.fromEntries(twice));
            await fresh.dispose();
            expect(voyage.running()).toEqual(services);

            voyage.bench.config.set({ plugins: { enabled: false } });
            await voyage.host.applyConfig();
            expect((await registryView(voyage.host)).rows).toEqual({});
            expect(voyage.running()).toEqual({});
            expect(voyage.bench.clock.armed).toBe(0);
          } finally {
            await fresh.dispose();
            await voyage.host.dispose();
          }
        }),
        {
          numRuns: RUNS,
          ...(SEED === undefined ? {} : { seed: Number(SEED) }),
          ...(PATH === undefined ? {} : { path: PATH }),
        },
      );
    },
    RUNS * 10_000 + 30_000,
  );
});
