import { isForbiddenKey } from "../../kernel/safe-json.ts";

/** Readers for optional manifest parts: the wrong type is dropped, never fatal (spec 1.1). */

export type Plain = Readonly<Record<string, unknown>>;

export function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A trimmed, non-empty string. */
export function text(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const trimmed = value.trim();
  return trimmed === "" ? undefined : trimmed;
}

export function flag(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** One of the words that mean something here. */
export function choice<Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

/** A number that counts something: finite and above zero. */
export function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

/** An object without prototype keys at its top; what it holds is kept as data. */
export function plain(value: unknown): Plain | undefined {
  return isPlain(value) ? byKey(value, (item) => item) : undefined;
}

/** The list, unless it is empty. */
export function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** HTTP headers that may be sent as they are. */
export function headers(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isPlain(value)) return undefined;
  const read = byKey(value, (item) => {
    const sent = text(item);
    return sent !== undefined && HEADER_VALUE.test(sent) ? sent : undefined;
  });
  return Object.fromEntries(Object.entries(read).filter(([name]) => HEADER_NAME.test(name)));
}

/** Trimmed strings without empties and repetitions, first kept. */
export function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  const kept = new Set<string>();
  for (const item of value) {
    const trimmed = text(item);
    if (trimmed !== undefined) kept.add(trimmed);
  }
  return [...kept];
}

/** Items of a list that `read` accepts. */
export function items<T>(value: unknown, read: (item: Plain) => T | undefined): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) => {
    const accepted = isPlain(item) ? read(item) : undefined;
    return accepted === undefined ? [] : [accepted];
  });
}

/** Entries of an id-keyed map that `read` accepts; keys are trimmed, prototype keys dropped. */
export function byKey<T>(
  value: unknown,
  read: (item: unknown) => T | undefined,
): Readonly<Record<string, T>> {
  const kept: Record<string, T> = {};
  if (!isPlain(value)) return kept;
  for (const [rawKey, item] of Object.entries(value)) {
    const key = rawKey.trim();
    if (key === "" || isForbiddenKey(key)) continue;
    const accepted = read(item);
    if (accepted !== undefined) kept[key] = accepted;
  }
  return kept;
}

/** Copies the defined members of `fields`; keeps objects free of `undefined`. */
export function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept as { [K in keyof T]: Exclude<T[K], undefined> };
}
