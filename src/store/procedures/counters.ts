import type { Transaction } from "../engine/types.ts";

/** Adds `by` to a named counter and returns its new value; a missing counter starts at zero. */
export async function bumpCounter(tx: Transaction, name: string, by: number): Promise<number> {
  const row = await tx.get<{ value: number }>(
    `INSERT INTO counters (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value`,
    name,
    by,
  );
  return row?.value ?? by;
}

/** The value of a counter, zero when nobody has bumped it. */
export async function readCounter(tx: Transaction, name: string): Promise<number> {
  const row = await tx.get<{ value: number }>("SELECT value FROM counters WHERE name = ?", name);
  return row?.value ?? 0;
}
