import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { createKeyedStores } from "../../../src/runtime/state/index.ts";
import { openTestStore } from "../../store/support/core-store.ts";

const MAX_ROWS = 8;
const NAMESPACES = [
  { namespace: "evicting", maxEntries: 3 },
  { namespace: "refusing", maxEntries: 4, overflowPolicy: "reject-new" as const },
  { namespace: "wide", maxEntries: 50, defaultTtlMs: 40 },
];

interface ModelRow {
  value: number;
  createdAt: number;
  expiresAt: number;
}

/** The rules of the contract, written down as plainly as possible. */
class Model {
  readonly spaces = new Map(NAMESPACES.map(({ namespace }) => [namespace, new Map<string, ModelRow>()]));

  space(name: string, now: number): Map<string, ModelRow> {
    const rows = this.spaces.get(name) as Map<string, ModelRow>;
    for (const [key, row] of rows) if (row.expiresAt <= now) rows.delete(key);
    return rows;
  }

  write(name: string, key: string, value: number, ttlMs: number | undefined, now: number): "ok" | "refused" {
    const { maxEntries, overflowPolicy, defaultTtlMs } = NAMESPACES.find((one) => one.namespace === name) as {
      maxEntries: number;
      overflowPolicy?: string;
      defaultTtlMs?: number;
    };
    const rows = this.space(name, now);
    const ttl = ttlMs ?? defaultTtlMs;
    const row = {
      value,
      createdAt: now,
      expiresAt: ttl === undefined ? Number.POSITIVE_INFINITY : now + ttl,
    };
    if (!rows.has(key)) {
      if (rows.size >= maxEntries && overflowPolicy === "reject-new") return "refused";
      const surplus = Math.max(0, rows.size + 1 - maxEntries);
      let total = 1 - surplus;
      for (const other of this.spaces.keys()) total += this.space(other, now).size;
      if (total > MAX_ROWS) return "refused";
      const oldest = [...rows].sort(([a, x], [b, y]) => x.createdAt - y.createdAt || (a < b ? -1 : 1));
      for (const [victim] of oldest.slice(0, surplus)) rows.delete(victim);
    }
    rows.set(key, row);
    return "ok";
  }
}

it("[F224] agrees with a plain model of the contract, in its waiting and its blocking form", async () => {
  const store = await openTestStore();
  const clock = new ManualClock(1_000_000);
  const limits = () => ({ maxValueBytes: 65_536, maxRowsPerPlugin: MAX_ROWS });
  const stores = createKeyedStores({ store, clock, logger: silentLogger, limits });
  onTestFinished(() => stores.dispose());
  const model = new Model();

  const step = fc.record({
    kind: fc.constantFrom("register", "ifAbsent", "update", "consume", "delete", "lookup", "clear", "wait"),
    space: fc.constantFrom(...NAMESPACES),
    key: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    value: fc.nat(9),
    ttlMs: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    blocking: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      for (const { kind, space, key, value, ttlMs, blocking } of steps) {
        const real = blocking
          ? stores.openSyncKeyedStore<number>("p", space)
          : stores.openKeyedStore<number>("p", space);
        const rows = model.space(space.namespace, clock.now());
        const live = rows.get(key);
        const options = ttlMs === undefined ? {} : { ttlMs };
        const attempt = async (work: () => unknown) => {
          try {
            return (await work()) ?? "ok";
          } catch (error) {
            expect(error).toMatchObject({ code: "PLUGIN_STATE_LIMIT_EXCEEDED" });
            return "refused";
          }
        };
        if (kind === "register") {
          const expected = model.write(space.namespace, key, value, ttlMs, clock.now());
          expect(await attempt(() => real.register(key, value, options))).toBe(expected);
        } else if (kind === "ifAbsent") {
          const expected = live
            ? false
            : model.write(space.namespace, key, value, ttlMs, clock.now()) === "ok" || "refused";
          expect(await attempt(() => real.registerIfAbsent(key, value, options))).toBe(expected);
        } else if (kind === "update" && live) {
          const next = live.value + value;
          const createdAt = live.createdAt;
          const keeps = ttlMs === undefined && space.defaultTtlMs === undefined ? live.expiresAt : undefined;
          model.write(space.namespace, key, next, ttlMs, clock.now());
          const row = rows.get(key) as ModelRow;
          row.createdAt = createdAt;
          if (keeps !== undefined) row.expiresAt = keeps;
          expect(await real.update(key, (current) => (current ?? 0) + value, options)).toBe(true);
        } else if (kind === "consume") {
          rows.delete(key);
          expect(await real.consume(key)).toBe(live?.value);
        } else if (kind === "delete") {
          expect(await real.delete(key)).toBe(rows.delete(key));
        } else if (kind === "lookup") {
          expect(await real.lookup(key)).toBe(live?.value);
        } else if (kind === "clear" && value === 0) {
          rows.clear();
          await real.clear();
        } else if (kind === "wait") {
          await clock.advance(value);
        }
      }
      for (const space of NAMESPACES) {
        const rows = [...model.space(space.namespace, clock.now())]
          .map(([key, row]) => ({ key, value: row.value, createdAt: row.createdAt }))
          .sort((a, b) => a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1));
        const entries = await stores.openKeyedStore<number>("p", space).entries();
        expect(entries.map(({ key, value, createdAt }) => ({ key, value, createdAt }))).toEqual(rows);
      }
    }),
    { numRuns: 80 },
  );
});
