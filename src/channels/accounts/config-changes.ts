import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import { isRecord } from "../../kernel/records.ts";
import { asRecord } from "../config-values.ts";

/** Which accounts a configuration change concerns (spec 1.12 rule 6). */
export function accountsToRestart(
  plugin: ChannelPlugin,
  previous: ChannelConfig,
  next: ChannelConfig,
): "none" | "all" | Set<string> {
  const prefixes = plugin.reload?.configPrefixes ?? [`channels.${plugin.id}`];
  const changed = prefixes.flatMap((prefix) => changedPaths(prefix, previous, next));
  const relevant = changed.filter(
    (path) => !(plugin.reload?.noopPrefixes ?? []).some((prefix) => matchesPrefix(path, prefix)),
  );
  if (relevant.length === 0) return "none";
  if (!plugin.reload?.accountScopedRestart) return "all";
  const root = `channels.${plugin.id}.accounts.`;
  const accounts = new Set<string>();
  for (const path of relevant) {
    if (!path.startsWith(root)) return "all";
    accounts.add(path.slice(root.length).split(".")[0] as string);
  }
  return accounts;
}

/** Dotted paths at or below `prefix` whose values differ, as deep as objects go. */
function changedPaths(prefix: string, previous: ChannelConfig, next: ChannelConfig): string[] {
  return differences(prefix, valueAt(previous, prefix), valueAt(next, prefix), 0);
}

const MAX_DEPTH = 8;

function differences(path: string, a: unknown, b: unknown, depth: number): string[] {
  if (Object.is(a, b)) return [];
  if (depth >= MAX_DEPTH || !isRecord(a) || !isRecord(b)) {
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(`${path}.${key}`, a[key], b[key], depth + 1));
}

function valueAt(cfg: ChannelConfig, path: string): unknown {
  let value: unknown = cfg;
  for (const part of path.split(".")) value = asRecord(value)[part];
  return value;
}

/** `*` stands for exactly one key. */
function matchesPrefix(path: string, prefix: string): boolean {
  const parts = path.split(".");
  const pattern = prefix.split(".");
  return (
    pattern.length <= parts.length && pattern.every((part, index) => part === "*" || part === parts[index])
  );
}
