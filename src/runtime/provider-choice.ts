import { isRecord } from "../kernel/records.ts";
import type { RegistryEntry } from "../plugins/types.ts";

/** One try of a provider, kept for the caller to show. */
export interface ProviderAttempt {
  readonly provider: string;
  readonly outcome: "success" | "failed" | "skipped";
  readonly reason?: string;
}

/** The value at a path of nested sections; `undefined` where one is missing or no object. */
export function sectionAt(config: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  let current = config;
  for (const key of path) {
    current = isRecord(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  }
  return isRecord(current) ? current : {};
}

export function textAt(section: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = section[key];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** The entry a person means by an id or one of its aliases, in any case. */
export function providerNamed<T extends { id: string; aliases?: unknown }>(
  entries: readonly RegistryEntry<T>[],
  name: string,
): RegistryEntry<T> | undefined {
  const wanted = name.trim().toLowerCase();
  return (
    entries.find(({ value }) => value.id.toLowerCase() === wanted) ??
    entries.find(
      ({ value }) =>
        Array.isArray(value.aliases) && value.aliases.some((alias) => String(alias).toLowerCase() === wanted),
    )
  );
}

/** Lowest number first; without one after all others, in the order of registration. */
export function inOrder<T>(
  entries: readonly RegistryEntry<T>[],
  rank: (value: T) => number | undefined,
): readonly RegistryEntry<T>[] {
  const of = (value: T) => rank(value) ?? Number.POSITIVE_INFINITY;
  return [...entries].sort((a, b) => {
    const [left, right] = [of(a.value), of(b.value)];
    return left === right ? 0 : left - right;
  });
}
