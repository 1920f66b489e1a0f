import { isPlain } from "../manifest/fields.ts";

/** The value at a dotted path of a configuration. */
export function valueAt(config: Readonly<Record<string, unknown>>, dotted: string): unknown {
  let current: unknown = config;
  for (const part of dotted.split(".")) {
    if (!isPlain(current) || !Object.hasOwn(current, part)) return undefined;
    current = current[part];
  }
  return current;
}

/** Whether anything at or below one of the paths differs between two configurations. */
export function changedBelow(
  prefixes: readonly string[],
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): boolean {
  return prefixes.some((prefix) => {
    const path = prefix.replace(/\.\*?$/, "");
    return JSON.stringify(valueAt(before, path)) !== JSON.stringify(valueAt(after, path));
  });
}
