import { MAX_PATTERN_LENGTH, MAX_PATTERN_REPEATS } from "./limits.ts";

/** A group that the scan is inside of, and whether anything in it can match in more than one way. */
interface OpenGroup {
  ambiguous: boolean;
}

const COUNT = /^\{(\d+)(,(\d*))?\}/;

/**
 * Whether a pattern from a manifest ends in reasonable time on any short text (spec 1.10). Stricter than needed:
 * no references back, no repetition of a group that itself repeats or branches, and few repetitions at all.
 */
export function isSafePattern(pattern: string): boolean {
  return pattern.length <= MAX_PATTERN_LENGTH && compiles(pattern) && isPlainlyBounded(pattern);
}

function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

function isPlainlyBounded(pattern: string): boolean {
  const open: OpenGroup[] = [];
  let repeats = 0;
  /** What stands before the position and could be repeated; undefined for a single character or class. */
  let last: OpenGroup | undefined;
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const most = repetition(rest);
    if (most !== undefined) {
      if (last?.ambiguous && most.times > 1) return false;
      if (most.times > 1) repeats++;
      if (repeats > MAX_PATTERN_REPEATS) return false;
      for (const group of open) group.ambiguous = true;
      last = undefined;
      at += most.length;
      continue;
    }
    const sign = rest[0];
    if (sign === "\\") {
      if (/^\\[1-9k]/.test(rest)) return false;
      at += 2;
      last = undefined;
    } else if (sign === "[") {
      at += classLength(rest);
      last = undefined;
    } else if (sign === "(") {
      open.push({ ambiguous: false });
      at += /^\(\?(?:[:=!]|<[=!]|<[^>]+>)/.exec(rest)?.[0].length ?? 1;
      last = undefined;
    } else if (sign === ")") {
      last = open.pop();
      at++;
    } else {
      if (sign === "|") for (const group of open) group.ambiguous = true;
      last = undefined;
      at++;
    }
  }
  return true;
}

/** A repetition at the start of `rest`: how often at most, and how many characters it takes. */
function repetition(rest: string): { times: number; length: number } | undefined {
  const sign = rest[0];
  const lazy = (length: number) => length + (rest[length] === "?" ? 1 : 0);
  if (sign === "*" || sign === "+") return { times: Number.POSITIVE_INFINITY, length: lazy(1) };
  if (sign === "?") return { times: 1, length: lazy(1) };
  const count = COUNT.exec(rest);
  if (!count) return undefined;
  const [all, least, range, most] = count;
  const times = range === undefined ? Number(least) : most === "" ? Number.POSITIVE_INFINITY : Number(most);
  return { times, length: lazy(all.length) };
}

function classLength(rest: string): number {
  for (let at = 1; at < rest.length; at++) {
    if (rest[at] === "\\") at++;
    else if (rest[at] === "]") return at + 1;
  }
  return rest.length;
}
