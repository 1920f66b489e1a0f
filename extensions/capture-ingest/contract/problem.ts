import { MAX_PROBLEMS } from "./limits.ts";

export type ProblemType =
  | "json_invalid"
  | "object_type"
  | "missing"
  | "string_type"
  | "enum"
  | "uuid_version"
  | "string_pattern_mismatch"
  | "string_too_long"
  | "float_type"
  | "timestamp_too_early"
  | "timestamp_too_late"
  | "list_type"
  | "too_short"
  | "too_long"
  | "nesting_too_deep"
  | "undeclared";

/** One broken rule, in the shape of the `detail` list of a 422 answer. Never holds the refused value. */
export interface Problem {
  /** Path from the body, starting with `"body"`. */
  loc: (string | number)[];
  type: ProblemType;
  msg: string;
  ctx?: Record<string, unknown>;
}

/** Collects problems in document order up to {@link MAX_PROBLEMS}. */
export class Problems {
  readonly list: Problem[] = [];

  get full(): boolean {
    return this.list.length >= MAX_PROBLEMS;
  }

  add(loc: (string | number)[], type: ProblemType, msg: string, ctx?: Record<string, unknown>): void {
    if (this.full) return;
    this.list.push({ loc: ["body", ...loc], type, msg, ...(ctx ? { ctx } : {}) });
  }
}
