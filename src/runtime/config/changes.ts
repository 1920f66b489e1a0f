import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../kernel/records.ts";
import type { ConfigRecord } from "./parse-text.ts";

/** One difference between two trees. Arrays change as a whole. */
export interface ConfigChange {
  path: readonly string[];
  /** Absent when the key went away. */
  value?: unknown;
}

/** The smallest set of key changes that turns `from` into `to`. */
export function changesBetween(from: ConfigRecord, to: ConfigRecord): ConfigChange[] {
  const changes: ConfigChange[] = [];
  collect(from, to, [], changes);
  return changes;
}

/** A copy of `target` with the changes applied; missing parents are made. */
export function applyChanges(target: ConfigRecord, changes: readonly ConfigChange[]): ConfigRecord {
  const copy = structuredClone(target);
  for (const change of changes) {
    const parents = change.path.slice(0, -1);
    const key = change.path.at(-1);
    if (key === undefined) continue;
    let node = copy;
    for (const parent of parents) {
      if (!isRecord(node[parent])) node[parent] = {};
      node = node[parent] as ConfigRecord;
    }
    if ("value" in change) node[key] = structuredClone(change.value);
    else delete node[key];
  }
  return copy;
}

export function isPrefix(prefix: readonly string[], path: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => key === path[index]);
}

function collect(from: ConfigRecord, to: ConfigRecord, path: string[], changes: ConfigChange[]): void {
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(to, key)) changes.push({ path: [...path, key] });
  }
  for (const [key, value] of Object.entries(to)) {
    const known = Object.hasOwn(from, key);
    const old = known ? from[key] : undefined;
    // A new section counts as its settings, so that their owners can be told.
    const grown = !known && isRecord(value) && Object.keys(value).length > 0;
    if ((isRecord(old) || grown) && isRecord(value))
      collect(isRecord(old) ? old : {}, value, [...path, key], changes);
    else if (!known || !isDeepStrictEqual(old, value)) {
      changes.push({ path: [...path, key], value });
    }
  }
}
