import { isRecord, withoutUndefined } from "../../kernel/records.ts";

/** Narrowing unknown values to objects. Arrays are not records. */

export { isRecord, withoutUndefined };

export type UnknownRecord = Record<string, unknown>;

export function asOptionalRecord(value: unknown): UnknownRecord | undefined {
  return isRecord(value) ? value : undefined;
}

export function asNullableRecord(value: unknown): UnknownRecord | null {
  return isRecord(value) ? value : null;
}

/** Objects of any kind, arrays included. */
export function asNullableObjectRecord(value: unknown): UnknownRecord | null {
  return typeof value === "object" && value !== null ? (value as UnknownRecord) : null;
}

/** Objects of any kind, arrays included. */
export function asOptionalObjectRecord(value: unknown): UnknownRecord | undefined {
  return asNullableObjectRecord(value) ?? undefined;
}

/** An empty record for anything else. */
export function asRecordOrEmpty(value: unknown): UnknownRecord {
  return isRecord(value) ? value : {};
}

export function hasOwnKey(value: object, key: PropertyKey): boolean {
  return Object.hasOwn(value, key);
}

/** The value under a dotted path of own properties. */
export function readPath(root: unknown, path: readonly string[]): unknown {
  let current: unknown = root;
  for (const key of path) {
    if (!isRecord(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}
