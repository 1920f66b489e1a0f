import { isSafePattern } from "../../plugins/manifest/safe-pattern.ts";

export interface SafeRegexResult {
  regex: RegExp | null;
  /** The pattern without the white space around it. */
  source: string;
  flags: string;
  /** Why there is no expression. */
  reason: "empty" | "invalid-regex" | "unsafe-nested-repetition" | null;
}

/** Compiles a pattern that a user wrote, when it ends in reasonable time on any text. */
export function compileSafeRegexDetailed(source: string, flags = ""): SafeRegexResult {
  const pattern = source.trim();
  const refused = (reason: SafeRegexResult["reason"]) => ({ regex: null, source: pattern, flags, reason });
  if (pattern === "") return refused("empty");
  let regex: RegExp;
  try {
    regex = new RegExp(pattern, flags);
  } catch {
    return refused("invalid-regex");
  }
  return isSafePattern(pattern)
    ? { regex, source: pattern, flags, reason: null }
    : refused("unsafe-nested-repetition");
}
