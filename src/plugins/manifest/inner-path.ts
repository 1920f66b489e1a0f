import { posix } from "node:path";
import { text } from "./fields.ts";

/** Tells of an entry that was ignored; the plugin works without it. */
export type Warn = (message: string) => void;

const MAX_SHOWN_LENGTH = 200;

/** A path below the plugin's folder as written; others are ignored with a warning (spec 1.1). */
export function innerPath(value: unknown, field: string, warn: Warn): string | undefined {
  const path = text(value);
  if (path === undefined) return undefined;
  if (staysInside(path)) return path;
  warn(
    `"${field}" names ${path.slice(0, MAX_SHOWN_LENGTH)}, which is no relative path that stays inside the plugin's folder; it is ignored`,
  );
  return undefined;
}

/** True for a relative path that does not climb out, whatever is there. */
export function staysInside(path: string): boolean {
  if (path.includes("\0") || path.includes("\\") || posix.isAbsolute(path) || /^[a-z]:/i.test(path))
    return false;
  const plain = posix.normalize(path);
  return plain !== ".." && !plain.startsWith("../");
}
