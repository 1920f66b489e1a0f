/** Small questions to objects of unknown shape. */

/** True for an object with fields of its own: no list, no null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Those fields of `keys` that have a value. */
export function pick<T extends object, Key extends keyof T>(
  from: T,
  keys: readonly Key[],
): Partial<Pick<T, Key>> {
  const picked: Partial<Pick<T, Key>> = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
  return picked;
}

/** A copy without the fields whose value is `undefined`. */
export function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
