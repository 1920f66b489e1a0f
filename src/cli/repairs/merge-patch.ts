import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../kernel/records.ts";

type Fields = Record<string, unknown>;

/** The merge patch (RFC 7396) that makes `to` out of `from`; `undefined` when they are equal. Lists are replaced. */
export function mergePatchBetween(from: Fields, to: Fields): Fields | undefined {
  const patch: Fields = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[key], to[key]];
    if (isDeepStrictEqual(before, after)) continue;
    if (after === undefined) patch[key] = null;
    else patch[key] = isRecord(before) && isRecord(after) ? mergePatchBetween(before, after) : after;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
